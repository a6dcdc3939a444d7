"""Deciding after a night whether its verdict asks for a training."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from redeye.adapters import ledger, outputs, promotions, retraining
from redeye.core.calendar import ONE_DAY, nights
from redeye.core.retraining import Decision, NightVerdict, decide
from redeye.core.specs import Spec, load_spec
from redeye.core.verdict import Verdict
from redeye.jobs.monitor import monitor_night
from redeye.settings import SPECS

log = logging.getLogger(__name__)


def decide_night(model: str, night: date, run_id: str) -> dict[str, Any]:
    """Decide every night up to `night` that has not been decided, in order, and tell which requests are open.

    Decisions go forwards from the first night that was scored, so that they come out the same in whatever
    order nights are run. A night in between that was scored and never judged is judged first. A night that
    lies before the last decided one is not decided any more: what was decided stands.

    Returns:
        `is_requested` and `reason` of this night, its verdict, and `requests`: the parameters of each
        training that was asked for up to this night and has not come to an end.

    Raises:
        AlreadyDecided: if a night was judged before with another verdict.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    recorded = [row.decision for row in retraining.decisions(model)]
    first = _first_undecided(spec, recorded)
    if first is not None and first <= night:
        verdicts = _verdicts(spec, first, night)
        for each in nights(first, night):
            if each not in verdicts and ledger.covering_release(each) is not None:
                verdicts[each] = _judged(model, each, run_id)
        decided = retraining.decide_forwards(
            model, lambda so_far: _decisions(spec, so_far, verdicts), run_id=run_id
        )
        recorded = [row.decision for row in decided]
    standing = {each.night: each for each in recorded}
    if night in standing:
        verdict, is_requested, reason = (
            str(standing[night].verdict),
            standing[night].is_requested,
            standing[night].reason,
        )
    else:
        verdict, is_requested, reason = "", False, "it was not judged: nothing had been scored by then"
    log.info(
        "%s, night %s: training %s (%s)",
        model,
        night,
        "asked for" if is_requested else "not asked for",
        reason,
    )
    return {
        "model": model,
        "night": night.isoformat(),
        "verdict": verdict,
        "is_requested": is_requested,
        "reason": reason,
        "requests": [request_params(model, row) for row in retraining.open_requests(model, night)],
    }


def request_params(model: str, request: retraining.RecordedDecision) -> dict[str, Any]:
    """The parameters of the training that a night asks for: the night, and the verdict with its reasons."""
    decision = request.decision
    return {
        "model": model,
        "night": decision.night.isoformat(),
        "reason": decision.reason,
        "verdict": str(decision.verdict),
        "champion_version": request.evidence.get("champion_version"),
        "asked_by": request.run_id,
    }


def _judged(model: str, night: date, run_id: str) -> NightVerdict:
    judged = monitor_night(model, night, run_id)
    return NightVerdict(night, Verdict(judged["verdict"]), tuple(judged["reasons"]))


def _first_undecided(spec: Spec, so_far: Sequence[Decision]) -> date | None:
    return so_far[-1].night + ONE_DAY if so_far else outputs.first_scored_night(spec.model)


def _decisions(
    spec: Spec, so_far: Sequence[Decision], verdicts: Mapping[date, NightVerdict]
) -> Iterator[tuple[Decision, dict[str, Any]]]:
    """The decisions that follow those so far, which another process may have added to meanwhile."""
    rules = spec.monitor.retraining
    # What was decided counts as it was decided, also where its verdict would be another by today's rules.
    known = {each.night: NightVerdict(each.night, each.verdict) for each in so_far}
    asked = [each.night for each in so_far if each.is_requested]
    crowned = promotions.promotions(spec.model)
    decided = [row.decided_night for row in crowned]
    for each, verdict in sorted(verdicts.items()):
        if so_far and each <= so_far[-1].night:
            continue
        known[each] = verdict
        decision = decide(known.values(), asked, decided, rules, each)
        if decision.is_requested:
            asked.append(each)
        serving = [row.version for row in crowned if row.effective_night <= each]
        yield (
            decision,
            {
                "verdict_reasons": list(verdict.reasons),
                "recent_verdicts": {
                    str(one): str(known[one].verdict)
                    for one in nights(each - (rules.of_nights - 1) * ONE_DAY, each)
                    if one in known
                },
                "champion_version": serving[-1] if serving else None,
                "rules": rules.model_dump(),
                "spec_hash": spec.hash,
            },
        )


def _verdicts(spec: Spec, first: date, last: date) -> dict[date, NightVerdict]:
    """The recorded verdicts of the nights `first` to `last`."""
    found = {}
    for row in outputs.read("verdicts", spec.model, first, last).to_dict("records"):
        night = pd.Timestamp(row["night"]).date()
        found[night] = NightVerdict(night, Verdict(row["verdict"]), tuple(row["reasons"].split("; ")))
    return found
