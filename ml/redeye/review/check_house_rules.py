"""The house rules of the dbt project, all of them: form, time, banned columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from redeye.champions.logic.readers import some
from redeye.declarations.specs import load_valid_specs
from redeye.features.logic.feature_views import name_view
from redeye.foundation.settings import SPECS
from redeye.review.logic import known_in_time
from redeye.review.logic.house_rules import Violation, form
from redeye.review.logic.known_in_time import Inputs, Lineage
from redeye.warehouse import dbt_project
from redeye.warehouse.dbt import PROJECT
from redeye.warehouse.logic.dbt_models import FEATURES, Project


def check(*, project: Path = PROJECT) -> list[Violation]:
    """Every rule that the project in a folder breaks, sorted; needs no stack.

    Raises:
        DbtError: if the project does not parse or a model does not run.
    """
    return violations(dbt_project.compile_apart(project=project))


def violations(project: Project, lineage: Lineage | None = None) -> list[Violation]:
    """Every rule that a compiled project breaks, sorted."""
    followed = lineage or Lineage.of(project, catalog=dbt_project.CATALOG)
    late = known_in_time.violations(followed, inputs_of_specs())
    return sorted({*form(project), *late, *lost_features(project)})


def lost_features(project: Project) -> Iterator[Violation]:
    """Features that a spec names and no feature table has: a table goes only when no spec names it any more."""
    tables = [model for model in project.models.values() if model.layer == FEATURES]
    there = {f"{name_view(model.name)}:{column}" for model in tables for column in model.columns}
    for name, spec in load_valid_specs(SPECS).items():
        if lost := [feature for feature in spec.features if feature not in there]:
            lacking = f"it names {some(lost)}, which no feature table has"
            yield Violation(name, "features of specs", f"{lacking}: keep the column until no spec names it")


def inputs_of_specs() -> list[Inputs]:
    """What each spec reads straight from its schedule and its population: keys and schedule columns."""
    found = []
    for spec in load_valid_specs(SPECS).values():
        columns = tuple(
            dict.fromkeys([*spec.entity_keys, *(column.name for column in spec.schedule_columns)])
        )
        population = spec.population
        found.append(Inputs(spec.model, spec.schedule, columns))
        found.append(Inputs(spec.model, population.relation, columns, known_by=population.entity_time))
    return found
