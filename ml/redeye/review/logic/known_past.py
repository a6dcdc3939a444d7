"""Datasets without a past that a model would be trained on the past of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from redeye.declarations.calendar import count_nights_since, find_night_on
from redeye.declarations.clock import Clock
from redeye.declarations.project import Project
from redeye.declarations.specs import Spec
from redeye.features.logic.past_caveats import Caveat, list_caveats, name_relations
from redeye.models.logic.splits import find_first_training
from redeye.review.logic.house_rules import Violation
from redeye.warehouse.logic.releases import CodeNode

RULE = "known past"


def list_unknown_pasts(
    declared: Project,
    nodes: Sequence[CodeNode],
    specs: Sequence[Spec],
    *,
    until: date,
) -> Iterator[Violation]:
    """Each model that reads a dataset of unknown history, until there are live nights enough to train on.

    The subject is the key in `redeye.yaml`.

    Args:
        declared: the project.
        nodes: its dbt models.
        specs: of its models.
        until: the last night that has ended.
    """
    for spec in specs:
        for caveat in list_caveats(
            nodes, name_relations(spec, nodes), declared.datasets or {}, declared.project
        ):
            if caveat.is_past_unknown and (why := _find_refusal(spec, caveat, declared.clock, until)):
                yield Violation(f"datasets.{caveat.dataset}.changes.history", RULE, why)


def _find_refusal(spec: Spec, caveat: Caveat, clock: Clock, until: date) -> str:
    told = (
        f"unknown, and read by {', '.join(caveat.readers)} of {spec.model}, which is trained on nights before"
    )
    believed = "say assumed_constant if it is believed to have been as it is"
    if clock.live_from is None:
        return f"{told} its first delivery: {believed}, or say from when on it comes live (clock.live_from)"
    live = find_night_on(clock.live_from)
    if clock.history_from and find_night_on(clock.history_from) >= live:
        return ""
    ready = find_first_training(live, spec.split, maturity=spec.label_maturity_nights)
    if until >= ready:
        return ""
    nights = count_nights_since(live, ready) + 1
    return f"{told} {live} (clock.live_from): {believed}, or wait for {nights} live nights, to {ready}"
