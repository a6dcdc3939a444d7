"""The house rules of the dbt project, all of them: form, time, barred columns."""

from __future__ import annotations

from pathlib import Path

from redeye.adapters import dbt_project
from redeye.adapters.dbt import PROJECT
from redeye.core import known_in_time
from redeye.core.house_rules import Project, Violation, form
from redeye.core.known_in_time import Inputs, Lineage
from redeye.core.specs import sound_specs
from redeye.settings import SPECS


def check(*, project: Path = PROJECT) -> list[Violation]:
    """Every rule that the project in a folder breaks, sorted; needs no stack.

    Raises:
        DbtError: if the project does not parse or a model does not run.
    """
    return violations(dbt_project.compiled_apart(project=project))


def violations(project: Project, lineage: Lineage | None = None) -> list[Violation]:
    """Every rule that a compiled project breaks, sorted."""
    followed = lineage or Lineage.of(project, catalog=dbt_project.CATALOG)
    return sorted({*form(project), *known_in_time.violations(followed, inputs_of_specs())})


def inputs_of_specs() -> list[Inputs]:
    """What each spec reads straight from its schedule: keys and schedule columns."""
    return [
        Inputs(
            spec.model,
            spec.schedule,
            tuple(dict.fromkeys([*spec.entity_keys, *(column.name for column in spec.schedule_columns)])),
        )
        for spec in sound_specs(SPECS).values()
    ]
