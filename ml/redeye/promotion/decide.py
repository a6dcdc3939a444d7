"""Deciding after a night whether its verdict asks for a training, and whether the model is rolled back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.succession import (
    VersionBlock,
    find_blocked_versions,
    find_champion,
    find_left_version,
)
from redeye.champions.logic.verdicts import Verdict, split_reasons
from redeye.declarations.calendar import find_next_night, list_nights, shift_nights
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.settings import SPECS
from redeye.monitoring.monitor import monitor_night
from redeye.promotion import decision_store
from redeye.promotion.logic.decision import Decision, NightVerdict, Succession, decide
from redeye.scoring import outputs_store
from redeye.warehouse import release_store

log = logging.getLogger(__name__)

_VERSIONS = ("champion_version", "returns_to")


def decide_night(model: str, night: date, run_id: str) -> dict[str, Any]:
    """Decide every night up to `night` that has not been decided, in order, and tell which requests are open.

    Decisions go forwards from the first night that was scored, so that they come out the same in whatever
    order nights are run. A night in between that was scored and never judged is judged first. A night that
    lies before the last decided one is not decided any more: what was decided stands. A night that rolls
    the model back does so with its decision, in one transaction; the registry's alias follows by `reconcile`.

    Returns:
        `is_requested` and `reason` of this night, its verdict, `returns_to` (the version that it rolled back
        to, if it did), and `requests`: the parameters of each training that was asked for up to this night
        and has not come to an end.

    Raises:
        AlreadyDecided: if a night was judged before with another verdict.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    recorded = [row.decision for row in decision_store.decisions(model)]
    first = find_next_night(recorded[-1].night) if recorded else outputs_store.find_first_scored_night(model)
    if first is not None and first <= night:
        # Nights that are decided already are read for the versions that their verdicts are about.
        verdicts = _verdicts(spec, shift_nights(first, -_count_remembered_nights(spec)), night)
        for each in list_nights(first, night):
            if each not in verdicts and release_store.covering_release(each) is not None:
                verdicts[each] = _read_verdict(model, each, run_id)
        decided = decision_store.decide_forwards(
            model,
            lambda so_far, scored: _decisions(spec, first, so_far, verdicts, scored, run_id),
            run_id=run_id,
        )
        recorded = [row.decision for row in decided]
    standing = {each.night: each for each in recorded}
    verdict, is_requested, returns_to = "", False, None
    reason = "it was not judged: nothing had been scored by then"
    if one := standing.get(night):
        verdict, is_requested, returns_to, reason = (
            str(one.verdict),
            one.is_requested,
            one.returns_to,
            one.reason,
        )
    asked = "asked for" if is_requested else "not asked for"
    log.info("%s, night %s: training %s (%s)", model, night, asked, reason)
    return {
        "model": model,
        "night": night.isoformat(),
        "verdict": verdict,
        "is_requested": is_requested,
        "reason": reason,
        "returns_to": returns_to,
        "requests": [_request_params(model, row) for row in decision_store.open_requests(model, night)],
    }


def _request_params(model: str, request: decision_store.RecordedDecision) -> dict[str, Any]:
    decision = request.decision
    return {
        "model": model,
        "night": decision.night.isoformat(),
        "reason": decision.reason,
        "verdict": str(decision.verdict),
        "champion_version": request.evidence.get("champion_version"),
        "asked_by": request.run_id,
    }


def _read_verdict(model: str, night: date, run_id: str) -> NightVerdict:
    judged = monitor_night(model, night, run_id)
    return NightVerdict(
        night,
        Verdict(judged["verdict"]),
        tuple(judged["reasons"]),
        judged["champion_version"],
        judged["returns_to"],
        judged["is_challenge_due"],
    )


def _decisions(
    spec: Spec,
    first: date,
    so_far: Sequence[Decision],
    verdicts: Mapping[date, NightVerdict],
    last_scored: date | None,
    run_id: str,
) -> Iterator[decision_store.Step]:
    """The decisions from `first` on that follow those so far, which another process may have added to meanwhile."""
    rules = spec.monitor
    # What was decided counts as it was decided, also where its verdict would be another by today's rules.
    known = {
        each.night: NightVerdict(each.night, each.verdict, is_challenge_due=each.is_challenge)
        for each in so_far
    }
    known |= {each: verdicts[each] for each in known if each in verdicts}
    asked = [each.night for each in so_far if each.is_requested]
    crowned, blocked = promotion_store.read_promotions(spec.model), block_store.read_blocks(spec.model)
    decided = [row.decided_night for row in crowned]
    for each, verdict in sorted(verdicts.items()):
        if each < first or (so_far and each <= so_far[-1].night):
            continue
        known[each] = verdict
        effective_night = shift_nights(each, spec.effective_lag_nights)
        decision = decide(
            known.values(),
            asked,
            decided,
            rules.retraining,
            each,
            rollback=rules.rollback,
            succession=_succession(crowned, blocked, each, effective_night, last_scored),
        )
        if decision.is_requested:
            asked.append(each)
        serving = find_champion(crowned, each)
        evidence = {
            "verdict_reasons": list(verdict.reasons),
            "recent_verdicts": {
                str(one): str(known[one].verdict)
                for one in list_nights(shift_nights(each, 1 - _count_remembered_nights(spec)), each)
                if one in known
            },
            "champion_version": serving.version if serving else None,
            "rules": rules.retraining.model_dump(),
            "rollback_rules": rules.rollback.model_dump(),
            "spec_hash": spec.hash,
        }
        rollback = None
        if decision.returns_to is not None:
            is_blocked = decision.returns_to in find_blocked_versions(blocked, each)
            rollback, row = _rollback(
                decision, verdict, crowned, effective_night, evidence, run_id, is_blocked=is_blocked
            )
            # Later nights of this batch are decided in view of it.
            decided.append(each)
            crowned = [*crowned, row]
        yield decision, evidence, rollback


def _succession(
    crowned: Sequence[Promotion],
    blocks: Sequence[VersionBlock],
    night: date,
    effective_night: date,
    last_scored: date | None,
) -> Succession:
    serving = find_champion(crowned, night)
    return Succession(
        serving=serving.version if serving else None,
        # Whichever night it was decided for: what comes late withdraws nothing that was decided since.
        latest=crowned[-1].version if crowned else None,
        is_restored=serving is not None and serving.kind is PromotionKind.ROLLBACK,
        blocked=find_blocked_versions(blocks, night),
        left=find_left_version(serving, blocks, night) if serving else None,
        effective_night=effective_night,
        last_scored=last_scored,
    )


def _rollback(
    decision: Decision,
    verdict: NightVerdict,
    crowned: Sequence[Promotion],
    effective_night: date,
    evidence: Mapping[str, Any],
    run_id: str,
    *,
    is_blocked: bool,
) -> tuple[promotion_store.Rollback, Promotion]:
    """What to append, and the row that it will be; its id is not known before it is written."""
    target = next(row for row in reversed(crowned) if row.version == decision.returns_to)
    nights: dict[str, Any] = {"decided_night": decision.night, "effective_night": effective_night}
    rollback = promotion_store.Rollback(
        target=target,
        # The last resort is never blocked.
        bad=verdict.version if verdict.version != crowned[0].version else None,
        **nights,
        reason=decision.reason,
        evidence={"from_version": verdict.version, **evidence},
        actor="verdict",
        run_id=run_id,
        lifts_block=is_blocked,
    )
    last = crowned[-1].promotion_id
    row = replace(
        target,
        promotion_id=last + 1,
        **nights,
        kind=PromotionKind.ROLLBACK,
        previous_id=last,
        evidence={**target.evidence, "rollback": rollback.evidence},
    )
    return rollback, row


def _count_remembered_nights(spec: Spec) -> int:
    """How many nights back a decision looks."""
    return max(spec.monitor.retraining.of_nights, spec.monitor.rollback.of_nights)


def _verdicts(spec: Spec, first: date, last: date) -> dict[date, NightVerdict]:
    """The recorded verdicts of the nights `first` to `last`."""
    found = {}
    for row in outputs_store.read("verdicts", spec.model, first, last).to_dict("records"):
        night = pd.Timestamp(row["night"]).date()
        # Verdicts of earlier code name no versions and ask for no challenge.
        version, returns_to = (int(row[name]) if pd.notna(row.get(name)) else None for name in _VERSIONS)
        is_challenge_due = pd.notna(row["is_challenge_due"]) and bool(row["is_challenge_due"])
        reasons = split_reasons(row["reasons"])
        found[night] = NightVerdict(
            night, Verdict(row["verdict"]), reasons, version, returns_to, is_challenge_due
        )
    return found
