"""Rehearsing one event in an installation of its own: build, score, judge, perhaps train, and see who notices."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pandas as pd

from redeye.audits.audit import audit_many
from redeye.audits.logic.audit_result import AuditResult
from redeye.champions import promotion_store
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import count_nights, list_nights
from redeye.declarations.project import project
from redeye.foundation.errors import AuditRefused, ConfigError, NotReleased, RedeyeError
from redeye.monitoring.monitor import monitor_night
from redeye.operations import build_nights
from redeye.promotion.decide import decide_night
from redeye.promotion.train import train_night
from redeye.scoring import outputs_store
from redeye.scoring.score import export_night, score_night
from redeye.sources import delivery_store, ingest
from redeye.sources.configured_source import plan
from redeye.sources.logic.faults import Catch, Event, Guard, Outcome, first_new, signals
from redeye.warehouse import build, release_store
from redeye.warehouse.logic.releases import ReleaseKind

# Of what a guard said; the rest is in the ledgers.
SAID = 300
QUIET = {str(Verdict.OK), str(Verdict.WARNING)}


RunReport = dict[str, tuple[list[str], str, str]]
"""Signals, verdict and reasons of each night of a run, by the night as text: it is kept as JSON."""


def run_id(what: str) -> str:
    """Who acts: it stands in the ledgers, on releases and on every row."""
    active = plan()
    if active is None:
        raise ConfigError("REDEYE_REHEARSAL is not set: a rehearsal runs in an installation of its own")
    return f"rehearsal={active.name}/{what}"


def prepare(model: str, *, first: date, trained: date, last: date) -> None:
    """What every event begins with: history up to `last`, a champion, and its first nights scored and judged.

    The champion knows what was known on night `trained`.
    """
    holder = run_id("base")
    _build_nights(first, last, holder)
    train_night(model, trained, run_id=holder, actor=holder, reason="champion of the rehearsals")
    serving = promotion_store.read_latest_promotion(model)
    if serving is None:
        raise NotReleased(f"{model}: the training of night {trained} left no champion")
    list(_judge_nights(model, serving.effective_night, last, holder))


def control(model: str, first: date, last: date) -> RunReport:
    """The same nights without an event: what is said on them by itself."""
    holder = run_id("control")
    _build_nights(first, last, holder)
    list(_judge_nights(model, first, last, holder))
    return _read_seen(model, first, last)


def _build_nights(first: date, last: date, holder: str) -> None:
    ingest.ingest_nights(first, last)
    build.publish(build_nights.transform(first, last, holder=holder, kind=ReleaseKind.HISTORY))


def rehearse(model: str, event: Event, beside: RunReport) -> Outcome:
    """Run one event, which the settings' plan has put into the source: who caught it and when.

    `beside` is what the same nights say without it.
    """
    began, holder = time.monotonic(), run_id(event.name)
    catches: list[Catch] = []
    facts: list[str] = []
    scored: list[dict[str, Any]] = []
    try:
        judges = audit_many if event.is_audited else accept_unaudited
        ingest.ingest_nights(event.first, event.last, audit_many=judges)
    except (AuditRefused, RedeyeError) as error:
        night = _find_first_refused(event)
        catches.append(_catch(Guard.ARRIVAL, event, night, str(error)))
        facts.append(_serve_refused(model, event, night, holder))
        return _outcome(event, catches, scored, facts, began)
    try:
        made = build_nights.transform(event.first, event.last, holder=holder, kind=ReleaseKind.HISTORY)
        build.publish(made)
    except RedeyeError as error:
        catches.append(_catch(Guard.RELEASE, event, event.first, str(error)))
        return _outcome(event, catches, scored, facts, began)
    if event.watched:
        scored = list(_judge_nights(model, event.first, event.last_watched, holder))
        catches += _find_catches(model, event, beside)
    if event.is_trained:
        outcome = train_night(
            model, event.last, run_id=holder, actor=holder, reason=f"rehearsal {event.name}"
        )
        facts.append(f"training on night {event.last}: {_short(outcome.reason)}")
        if not outcome.is_promoted:
            catches.append(_catch(Guard.GATE, event, event.last, outcome.reason))
    return _outcome(event, catches, scored, facts, began)


def accept_unaudited(frames: Mapping[str, object], *, subject: str, **_: object) -> dict[str, AuditResult]:
    """In the place of the arrival audits, where an event has them switched off; the ledger says so."""
    said = f"{subject}, audits switched off"
    return {suite: AuditResult(suite, said, is_success=True, evaluated=1) for suite in frames}


def _judge_nights(model: str, first: date, last: date, holder: str) -> Iterator[dict[str, Any]]:
    for night in list_nights(first, last):
        result = score_night(model, night, run_id=holder)
        export_night(model, night)
        monitor_night(model, night, holder)
        # Asked for, and not trained: a request is caught, what becomes of it is another rehearsal.
        yield {**result, "night": night, "decided": decide_night(model, night, holder)}


def _read_seen(model: str, first: date, last: date) -> RunReport:
    verdicts = outputs_store.read("verdicts", model, first, last)
    drift = outputs_store.read("drift", model, first, last)
    seen: RunReport = {}
    for row in verdicts.to_dict("records"):
        night = pd.Timestamp(row["night"]).date()
        mine = drift[pd.to_datetime(drift["night"]) == pd.Timestamp(night)]
        reasons = str(row["reasons"])
        seen[str(night)] = sorted(signals(mine, reasons)), str(row["verdict"]), reasons
    return seen


def _find_catches(model: str, event: Event, beside: RunReport) -> Iterator[Catch]:
    predictions = outputs_store.read("predictions", model, event.first, event.last_watched)
    refused = predictions[predictions["degraded_reason"].str.contains("refused", na=False)]
    if len(refused):
        night = pd.Timestamp(refused["night"].min()).date()
        yield _catch(Guard.PREDICTION, event, night, str(refused["degraded_reason"].iloc[0]))
    seen = _read_seen(model, event.first, event.last_watched)
    by_night, others = (
        {date.fromisoformat(night): set(said) for night, (said, *_) in run.items()} for run in (seen, beside)
    )
    if found := first_new(by_night, others):
        yield _catch(Guard.DRIFT, event, found[0], ", ".join(found[1]))
    for judged, (_, verdict, reasons) in sorted(seen.items()):
        if verdict not in QUIET and judged in beside and beside[judged][1] in QUIET:
            yield _catch(Guard.VERDICT, event, date.fromisoformat(judged), f"{verdict}: {reasons}")
            return


def _serve_refused(model: str, event: Event, night: date, holder: str) -> str:
    """A refused night is served from the last good release; in words."""
    if night != event.first:
        return "later nights were refused, the ones before were taken in"
    if release_store.covering_release(night) is None and not release_store.is_gap(night):
        delivery_store.record_gap(night, reason="its delivery was refused", recorded_by=holder)
    result = score_night(model, night, run_id=holder, is_degraded_allowed=True)
    export_night(model, night)
    served = f"{result['rows']} {project().subject.many} from {result['release_id']}"
    return f"night {night} was served all the same, {served}, degraded"


def _find_first_refused(event: Event) -> date:
    kept = {(ref.dataset, ref.night) for ref in delivery_store.deliveries(event.first, event.last)}
    every = delivery_store.deliveries(event.first, event.last, accepted_only=False)
    refused = [ref.night for ref in every if (ref.dataset, ref.night) not in kept]
    return min(refused, default=event.first)


def _catch(guard: Guard, event: Event, night: date, said: str) -> Catch:
    return Catch(str(guard), str(night), count_nights(event.first, night), _short(said))


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SAID else plain[: SAID - 1] + "…"


def _outcome(
    event: Event, catches: list[Catch], scored: list[dict[str, Any]], facts: list[str], began: float
) -> Outcome:
    asked = [str(each["night"]) for each in scored if each["decided"]["is_requested"]]
    if asked:
        facts.append(f"a training was asked for on night {asked[0]}")
    return Outcome(
        event=event.name,
        fault=str(event.fault),
        catches=tuple(sorted(catches, key=lambda each: list(Guard).index(Guard(each.guard)))),
        scored_nights=len(scored),
        degraded_nights=sum(bool(each["is_degraded"]) for each in scored),
        seconds=time.monotonic() - began,
        facts=tuple(facts),
    )
