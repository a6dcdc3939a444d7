"""The champion that a training may continue."""

from __future__ import annotations

from datetime import date

from redeye.champions import promotion_store
from redeye.declarations.specs import Spec
from redeye.models import mlflow_registry
from redeye.models.artifact_store import load_artifact
from redeye.models.logic.training import Parent


def load_parent(spec: Spec, night: date) -> Parent | None:
    """The last champion that was decided before `night`, if the spec has champions continued.

    Not that of the night itself: a training that is taken up again must find what it found the first time.

    Returns:
        None if there is none, or if it reads other features.

    Raises:
        ModelAltered: if its files are not what was registered.
    """
    if spec.candidates.continued is None:
        return None
    before = [row for row in promotion_store.read_promotions(spec.model) if row.decided_night < night]
    if not before or before[-1].feature_service != spec.feature_service:
        return None
    champion = mlflow_registry.version(spec.model, before[-1].version)
    return Parent(
        version=champion.version,
        model=load_artifact(champion.artifact_uri, champion.artifact_sha256),
        # Versions of old carry no windows: what they knew at all they may have learned from.
        train_last=champion.train_last or champion.seen_until,
        seen_until=champion.seen_until,
    )
