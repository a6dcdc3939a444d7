"""What nobody can know of the past of declared datasets, told of whatever of a model reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redeye.declarations.datasets import DeclaredDataset
from redeye.declarations.specs import Spec
from redeye.features.logic.feature_views import name_view
from redeye.warehouse.logic.dbt_models import FEATURES
from redeye.warehouse.logic.releases import CodeNode, upstream

SOURCE = "source."
POPULATION, SCHEDULE = "the population", "the schedule"


@dataclass(frozen=True)
class Caveat:
    """What is not known of one dataset that a model reads.

    Attributes:
        readers: what of the model reads it: its population, its schedule, feature views.
        said: what is not known, a sentence each.
        is_past_unknown: whether nothing of it is there before it was first delivered.
    """

    dataset: str
    readers: tuple[str, ...]
    said: tuple[str, ...]
    is_past_unknown: bool = False

    def describe(self) -> str:
        """What is not known, and where in the model it counts."""
        return f"{'; '.join(self.said)} (read by {', '.join(self.readers)})"

    def __str__(self) -> str:
        return f"of dataset {self.dataset}, {self.describe()}"


def name_relations(spec: Spec, nodes: Iterable[CodeNode]) -> dict[str, str]:
    """The relations that a spec names, with what of its model each one is."""
    views = {reference.partition(":")[0] for reference in spec.features}
    found = {spec.population.relation: POPULATION}
    found.setdefault(spec.schedule, SCHEDULE)
    for node in nodes:
        schema = node.relation.partition(".")[0]
        if schema == FEATURES and (view := name_view(node.relation)) in views:
            found[node.relation] = name_reader(view)
    return found


def name_reader(view: str) -> str:
    """A feature view, as one that reads."""
    return f"feature view {view}"


def list_caveats(
    nodes: Iterable[CodeNode],
    readers: Mapping[str, str],
    datasets: Mapping[str, DeclaredDataset],
    layout: str,
) -> tuple[Caveat, ...]:
    """The caveats of all datasets that some relations are made from, by name of the dataset.

    Args:
        nodes: the dbt models.
        readers: by relation, what is made from it.
        datasets: as they are declared.
        layout: of the source; raw tables are called `<layout>__<dataset>`.
    """
    known, reading = list(nodes), {name: dict[str, None]() for name in datasets}
    for relation, reader in readers.items():
        for node in upstream(known, [relation]):
            for each in node.depends_on:
                name = each.rpartition(".")[2].removeprefix(f"{layout}__")
                if each.startswith(SOURCE) and name in reading:
                    reading[name][reader] = None
    return tuple(
        Caveat(name, tuple(reading[name]), tuple(said), declared.is_past_unknown)
        for name, declared in sorted(datasets.items())
        if reading[name] and (said := declared.list_caveats())
    )
