"""The champion that a candidate may continue."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

from redeye.champions import promotion_store
from redeye.declarations.specs import Spec
from redeye.foundation.errors import RedeyeError, try_in_turn
from redeye.models import mlflow_registry
from redeye.models.algorithms.base import Model
from redeye.models.artifact_store import load_artifact
from redeye.models.logic.training import Parent

log = logging.getLogger(__name__)


def load_parent(spec: Spec, night: date) -> Parent | None:
    """The last champion that was decided before `night`, if the spec has champions continued.

    Not that of the night itself: a training that is taken up again must find what it found the first time.

    Returns:
        None if there is none, if it reads other features, or if it or its files cannot be read.
    """
    if spec.candidates.continued is None:
        return None
    before = [row for row in promotion_store.read_promotions(spec.model) if row.decided_night < night]
    if not before or before[-1].feature_service != spec.feature_service:
        return None
    try:
        champion = mlflow_registry.version(spec.model, before[-1].version)
    except RedeyeError as error:
        # It was deleted there. It serves by the ledger, and the reconciliation after this training says what to do.
        log.warning("candidates are trained without a parent: %s", error)
        return None
    steps: list[tuple[str, Callable[[], Model[Any] | None]]] = [
        (
            f"version {champion.version}",
            lambda: load_artifact(champion.artifact_uri, champion.artifact_sha256),
        ),
        ("no parent", lambda: None),
    ]
    model = try_in_turn(steps, [])
    if model is None:
        return None
    return Parent(
        version=champion.version,
        model=model,
        # Versions of old carry no windows: what they knew at all they may have learned from.
        train_last=champion.train_last or champion.seen_until,
        seen_until=champion.seen_until,
    )
