"""Whom a change reaches, from dbt's exposures on, and what earlier nights cost: read for a report on it."""

from __future__ import annotations

from collections.abc import Mapping

from redeye.champions.logic.readers import Reader
from redeye.declarations.calendar import shift_nights
from redeye.declarations.specs import Spec
from redeye.foundation.cost_store import read_costs
from redeye.review.impact_change import Change
from redeye.review.logic.impact_reach import Consumer, Rollout, find_consumers
from redeye.review.logic.model_diff import ModelDiff, Origin
from redeye.review.sandboxes.sandbox_catalog import Sandbox
from redeye.warehouse.logic.releases import Release

# Whose recorded costs tell what scoring a night takes.
RECENT_NIGHTS = 28


def list_consumers(
    change: Change,
    models: tuple[ModelDiff, ...],
    readers: tuple[Reader, ...],
    specs: Mapping[str, Spec],
    features: frozenset[str],
) -> tuple[Consumer, ...]:
    """Exposures, prediction columns, labels and feature services that read what is not as it was."""
    exposures = {}
    for manifest in (change.base, change.head):
        for each in manifest.exposures.values():
            nodes = (manifest.nodes[name] for name in each.depends_on.nodes if name in manifest.nodes)
            relations = frozenset(f"{node.schema}.{node.alias}" for node in nodes)
            exposures[each.name] = (str(each.type.value), relations)
    return find_consumers(models, exposures, readers, specs, features)


def plan_rollout(
    change: Change,
    head: Sandbox,
    release: Release,
    models: tuple[ModelDiff, ...],
    specs: Mapping[str, Spec],
    features: frozenset[str],
) -> Rollout | None:
    """What it takes to have a change in the nights that are over; None if no row of them is other than it was."""
    changed = {each.name: each for each in models if not each.is_same and each.origin is not Origin.REMOVED}
    if not changed:
        return None
    kinds = {
        f"{node.schema}.{node.alias}": node.config.materialized
        for node in (change.head.nodes[name] for name in change.origins)
    }
    incremental = sorted(name for name in changed if kinds[name] == "incremental")
    costs = read_costs(shift_nights(release.night, -RECENT_NIGHTS), release.night)
    scored = [each for each in costs if each.job == "score_night"]
    attempts = sum(each.attempts for each in scored)
    readers = [
        spec.split.history_nights
        for spec in specs.values()
        if {*spec.numeric_columns, *spec.categorical_columns} & features
        or spec.population.relation in changed
    ]
    return Rollout(
        incremental=tuple(changed[name].title for name in incremental),
        first=head.first_night,
        head=release.night,
        seconds=sum(changed[name].seconds_new for name in incremental),
        score_seconds=sum(each.wall_seconds for each in scored) / attempts if attempts else None,
        history_nights=max(readers, default=0),
    )
