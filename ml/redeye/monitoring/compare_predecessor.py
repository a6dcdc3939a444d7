"""What a model could return to: how its predecessor would have done on the champion's own matured rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import (
    Stint,
    find_blocked_versions,
    find_left_version,
    find_return_targets,
)
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import find_previous_night, shift_nights
from redeye.declarations.specs import Spec
from redeye.foundation.errors import try_in_turn
from redeye.models.algorithms.base import Model
from redeye.models.artifact_store import load_artifact
from redeye.models.kinds.interface import fill_raw, find_kind, name_columns, stack_columns
from redeye.monitoring.logic.maturity import Maturity
from redeye.monitoring.logic.quality import Predecessor
from redeye.monitoring.logic.rollback_evidence import find_levels, weigh_evidence
from redeye.monitoring.measure_drift import load_features
from redeye.scoring import outputs_store
from redeye.warehouse import release_store

# Gaps are single nights: a stint whose last week was never released was not judged at its end.
LOOKED_BACK = 7


def find_last_judgeable(model: str, stint: Stint) -> date | None:
    """The last night of an ended stint that was scored and has a release, so that it can be judged."""
    if stint.last is None:
        return None
    first = max(stint.first, shift_nights(stint.last, 1 - LOOKED_BACK))
    scored = outputs_store.list_scored_nights(model, first, stint.last)
    return next(
        (night for night in reversed(scored) if release_store.covering_release(night) is not None), None
    )


def compare_predecessors(
    spec: Spec,
    champion: Promotion,
    labels: Maturity,
    read_own: Callable[[date, date], pd.DataFrame],
    night: date,
    last_verdict: Callable[[Stint], Verdict | None],
) -> tuple[tuple[Predecessor, ...], pd.DataFrame]:
    """The evidence, over the champion's whole reign, that a version it could return to would do better.

    Each night of the reign is compared once, when its labels are final, and again when they change. The heuristic's
    prediction is on every row; another version scores the night's rows again, from the features that the champion
    was given. While a version serves that was returned to, the one that the rollback left is compared as well.

    Args:
        spec: of the model.
        champion: that is judged.
        labels: which are final at the night's cutoff.
        read_own: the champion's own matured rows of some nights, with labels.
        night: that is judged.
        last_verdict: what was said on the last judged night of a stint.

    Returns:
        What the model could return to, in that order, and the comparisons to record: a row per version and night.
    """
    crowned = [row for row in promotion_store.read_promotions(spec.model) if row.effective_night <= night]
    blocks = block_store.read_blocks(spec.model)
    blocked = find_blocked_versions(blocks, night)
    targets = list(find_return_targets(crowned, blocked, champion.version, night, last_verdict))
    left = find_left_version(champion, blocks, night)
    targets = [row for row in reversed(crowned) if row.version == left][:1] + targets
    kept = _read_comparisons(spec.model, champion, night)
    is_last_resort = [row.version == crowned[0].version for row in targets]
    found, fresh = [], []
    for target, is_last, level in zip(targets, is_last_resort, find_levels(is_last_resort), strict=True):
        differences = kept.get(target.version, {})
        missing = sorted(
            each
            for each in labels.final
            if each >= champion.effective_night and (each not in differences or each in labels.to_measure)
        )
        if not is_last:
            missing = missing[max(len(missing) - spec.monitor.rollback.rescoring_nights, 0) :]
        new = _measure_nights(spec, target, read_own, missing, is_last_resort=is_last)
        differences = {**differences, **new}
        fresh += [(each, target.version, *values) for each, values in new.items()]
        ordered = [differences[each][0] for each in sorted(differences)]
        name = f"version {target.version} ({target.algorithm})"
        mean = float(np.mean(ordered)) if ordered else 0.0
        found.append(
            Predecessor(target.version, name, len(ordered), mean, weigh_evidence(ordered), 1 / level)
        )
    frame = pd.DataFrame(fresh, columns=["scored_night", "other_version", "difference", "rows"])
    return tuple(found), frame.assign(model_version=champion.version)


def _read_comparisons(
    model: str, champion: Promotion, night: date
) -> dict[int, dict[date, tuple[float, int]]]:
    """By version and night, how much better it would have done and on how many rows, as known on the night before."""
    rows = outputs_store.read("comparisons", model, champion.effective_night, find_previous_night(night))
    found: dict[int, dict[date, tuple[float, int]]] = {}
    rows = rows[rows["model_version"] == champion.version].sort_values("night")
    for row in rows.to_dict("records"):
        day = pd.Timestamp(row["scored_night"]).date()
        if day >= champion.effective_night:
            found.setdefault(int(row["other_version"]), {})[day] = (row["difference"], int(row["rows"]))
    return found


def _measure_nights(
    spec: Spec,
    other: Promotion,
    read_own: Callable[[date, date], pd.DataFrame],
    nights: Sequence[date],
    *,
    is_last_resort: bool,
) -> dict[date, tuple[float, int]]:
    """The champion's loss minus the other version's on each night, and its rows; no night without rows."""
    if not nights:
        return {}
    own = read_own(nights[0], nights[-1])
    own = own[own["night"].isin([pd.Timestamp(each) for each in nights])].reset_index(drop=True)
    if own.empty:
        return {}
    kind = find_kind(spec)
    again = stack_columns(own, kind.baseline_columns) if is_last_resort else _score_again(spec, other, own)
    if again is None:
        return {}
    columns = [f"again_{name}" for name in kind.columns]
    own = fill_raw(own, kind).assign(**name_columns(again, columns)).dropna(subset=columns)
    # Versions are compared as such: the other one would be recalibrated too.
    judged, compared = (kind.score_rows(own, each) for each in (kind.raw_columns, columns))
    each_night = np.eye(len(judged.nights))
    difference = judged.resample(judged.LOSS, each_night) - compared.resample(judged.LOSS, each_night)
    counts = own.groupby("night").size()
    return {
        day.astype(object): (float(value), int(counts[pd.Timestamp(day)]))
        for day, value in zip(judged.nights, difference, strict=True)
    }


def _score_again(spec: Spec, other: Promotion, own: pd.DataFrame) -> np.ndarray | None:
    """The predictions of another version for the same rows, in their order; None if it cannot be used."""
    days = pd.to_datetime(own["night"])
    standing = outputs_store.read("predictions", spec.model, days.min().date(), days.max().date())

    def score_again() -> np.ndarray:
        model: Model[Any] = load_artifact(other.artifact_uri, other.artifact_sha256)
        frames = [
            load_features(spec, day.date(), of_night, other.feature_service)
            for day, of_night in standing.groupby(pd.to_datetime(standing["night"]))
            if (days == day).any()
        ]
        frame = pd.concat(frames, ignore_index=True)
        named = name_columns(model.predict(frame), model.columns)
        again = pd.DataFrame(named, index=frame[spec.population.key]).reindex(own[spec.population.key])
        return stack_columns(again, model.columns)

    # A version whose files or inputs are gone is nothing to return to.
    return try_in_turn(
        [(f"comparing with version {other.version}", score_again), ("no comparison", lambda: None)], []
    )
