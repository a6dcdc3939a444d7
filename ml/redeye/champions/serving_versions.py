"""Which versions serve or may serve, and what they read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.readers import Reader
from redeye.champions.logic.succession import Standing, list_turns
from redeye.declarations.calendar import find_next_night
from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Model
from redeye.models.artifact_store import load_artifact


@dataclass(frozen=True)
class ServingVersion:
    """A version that serves or may serve, loaded."""

    reader: Reader
    model: Model[Any]


def list_serving_versions(specs: Iterable[Spec], night: date) -> list[ServingVersion]:
    """Of each model the champion for the night to come, those decided after it, the one before it, the last resort."""
    found: list[ServingVersion] = []
    for spec in specs:
        ledger = promotion_store.read_promotions(spec.model)
        if not ledger:
            continue
        champion = promotion_store.read_champion(spec.model, find_next_night(night)) or ledger[-1]
        roles: dict[int, tuple[Promotion, str]] = {ledger[0].version: (ledger[0], "last resort")}
        by_standing: dict[Standing, list[Promotion]] = {standing: [] for standing in Standing}
        for turn in list_turns(ledger, find_next_night(night)):
            by_standing[turn.standing].append(turn.promotion)
        if earlier := by_standing[Standing.SERVED]:
            roles[earlier[-1].version] = (earlier[-1], "to go back to")
        later = by_standing[Standing.COMING]
        roles |= {each.version: (each, f"from night {each.effective_night}") for each in later}
        roles[champion.version] = (champion, "champion")
        for version, (each, role) in sorted(roles.items()):
            model = load_artifact(each.artifact_uri, each.artifact_sha256)
            columns = frozenset(find_input_columns(model))
            found.append(
                ServingVersion(
                    Reader(spec.model, version, role, each.algorithm, each.feature_service, columns), model
                )
            )
    return found


def find_schedule_inputs(model: Model[Any]) -> set[str]:
    """Those of its input columns that no feature view has: what it takes from the schedule itself."""
    return {name for name in find_input_columns(model) if "__" not in name}


def find_input_columns(model: Model[Any]) -> set[str]:
    """Columns of a frame that a model reads."""
    if members := getattr(model, "members", None):
        return {column for member in members.values() for column in find_input_columns(member)}
    return {*model.importance(), *model.categories.values}
