"""What a model could return to: how its predecessor would have done on the champion's own matured rows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import Stint, find_blocked_versions, find_return_targets
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Model
from redeye.models.algorithms.storage import ModelAltered
from redeye.models.artifact_store import load_artifact
from redeye.models.logic.evaluation import Scored, estimate_improvement
from redeye.monitoring.logic.quality import CONFIDENCE, Predecessor
from redeye.monitoring.measure_drift import load_features
from redeye.scoring import outputs_store
from redeye.warehouse import release_store

log = logging.getLogger(__name__)

# Gaps are single nights: a stint whose last week was never released was not judged at its end.
LOOKED_BACK = 7


def find_last_judgeable(model: str, stint: Stint) -> date | None:
    """The last night of an ended stint that was scored and has a release, so that it can be judged."""
    if stint.last is None:
        return None
    first = max(stint.first, stint.last - timedelta(days=LOOKED_BACK - 1))
    scored = outputs_store.list_scored_nights(model, first, stint.last)
    return next(
        (night for night in reversed(scored) if release_store.covering_release(night) is not None), None
    )


def make_scored(rows: pd.DataFrame, column: str) -> Scored:
    """The labels of some rows with one column of probabilities."""
    return Scored(rows["label"].to_numpy(), rows[column].to_numpy(), rows["night"].to_numpy())


def compare_predecessors(
    spec: Spec,
    champion: Promotion,
    own: pd.DataFrame,
    night: date,
    last_verdict: Callable[[Stint], Verdict | None],
    *,
    is_bad: bool,
) -> tuple[Predecessor, ...]:
    """The champion's log loss against that of the versions it could return to, on its own rows.

    The heuristic's probability is on every row. Another version scores the window's rows again, from the
    features that the champion was given: only while the champion is young or its verdict asks for an act.

    Args:
        spec: of the model.
        champion: that is judged.
        own: its matured rows of the window, with labels.
        night: that is judged.
        last_verdict: what was said on the last judged night of a stint.
        is_bad: whether the champion's verdict asks for an act, whatever it could return to.
    """
    rows = promotion_store.read_promotions(spec.model)
    is_young = (night - champion.effective_night).days <= spec.monitor.rollback.rescoring_nights
    # Versions are compared as such: the other one would be recalibrated too.
    judged = make_scored(own, "raw_probability")
    found = []
    blocked = find_blocked_versions(block_store.read_blocks(spec.model), night)
    known = [row for row in rows if row.effective_night <= night]
    for other in find_return_targets(known, blocked, champion.version, night, last_verdict):
        probabilities = None
        if other.version == rows[0].version:
            probabilities = own["baseline_probability"].to_numpy()
        elif is_young or is_bad:
            probabilities = _score_again(spec, other, own)
        if probabilities is None:
            continue
        again = make_scored(own.assign(again=probabilities), "again")
        gain = estimate_improvement(again, judged, "log_loss", confidence=CONFIDENCE)
        found.append(Predecessor(other.version, f"version {other.version} ({other.algorithm})", gain))
    return tuple(found)


def _score_again(spec: Spec, other: Promotion, own: pd.DataFrame) -> np.ndarray | None:
    """The probabilities of another version for the same rows, in their order; None if it cannot be used."""
    days = pd.to_datetime(own["night"])
    standing = outputs_store.read("predictions", spec.model, days.min().date(), days.max().date())
    try:
        model: Model[Any] = load_artifact(other.artifact_uri, other.artifact_sha256)
        frames = [
            load_features(spec, day.date(), of_night, other.feature_service)
            for day, of_night in standing.groupby(pd.to_datetime(standing["night"]))
            if (days == day).any()
        ]
        frame = pd.concat(frames, ignore_index=True)
        again = pd.Series(model.predict(frame), index=frame[spec.population.key])
    except (ModelAltered, KeyError) as error:
        # A version whose files or inputs are gone is nothing to return to.
        log.warning("%s: version %d cannot be compared with: %s", spec.model, other.version, error)
        return None
    return again.reindex(own[spec.population.key]).to_numpy()
