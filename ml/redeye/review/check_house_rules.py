"""The house rules of the dbt project, all of them: form, time, banned columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from redeye.champions.logic.readers import some
from redeye.declarations import project as declaration
from redeye.declarations.specs import load_valid_specs
from redeye.declarations.yaml_files import locate
from redeye.features.logic.feature_views import name_view
from redeye.foundation.settings import SPECS
from redeye.review.logic import known_in_time
from redeye.review.logic.house_rules import Violation, form
from redeye.review.logic.known_in_time import Inputs, Lineage
from redeye.review.logic.known_past import list_unknown_pasts
from redeye.warehouse import dbt_project
from redeye.warehouse.dbt import PROJECT
from redeye.warehouse.logic.dbt_models import FEATURES, Project


def check(*, project: Path = PROJECT, until: date) -> list[Violation]:
    """Every rule that the project in a folder breaks, sorted; needs no stack. `until` is the last night that ended.

    Raises:
        DbtError: if the project does not parse or a model does not run.
    """
    compiled = dbt_project.compile_apart(project=project)
    return sorted([*violations(compiled), *find_unknown_pasts(compiled, until)])


def violations(project: Project, lineage: Lineage | None = None) -> list[Violation]:
    """Every rule that a compiled project breaks, sorted."""
    followed = lineage or Lineage.of(project, catalog=dbt_project.CATALOG)
    late = known_in_time.violations(followed, inputs_of_specs())
    return sorted({*form(project), *late, *lost_features(project)})


def find_unknown_pasts(project: Project, until: date) -> Iterator[Violation]:
    """Datasets of unknown history that models would be trained on, with their line in `redeye.yaml`."""
    specs = list(load_valid_specs(SPECS).values())
    for each in list_unknown_pasts(declaration.project(), project.nodes, specs, until=until):
        where = locate(declaration.PROJECT_FILE, each.subject.split("."))
        yield replace(each, subject=f"{where}: {each.subject}")


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
        night = population.night
        found.append(Inputs(spec.model, spec.schedule, columns, night=night))
        known_by = population.entity_time
        found.append(Inputs(spec.model, population.relation, columns, known_by=known_by, night=night))
    return found
