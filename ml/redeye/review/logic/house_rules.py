"""The house rules of the dbt project, as checks on what its manifest says of models, columns and sources.

Rules on form look at names, descriptions, tests and contracts; those on time are in `known_in_time`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from redeye.warehouse.logic.dbt_models import FEATURES, KEY_TESTS, NIGHT, PUBLISHED, Model, Project, Source

LAYERS = {
    "staging": r"stg_[a-z0-9]+__[a-z_]+",
    "intermediate": r"int_[a-z]+__[a-z_]+",
    "marts": r"(dim|fct)_[a-z_]+",
    "features": r"feat_[a-z_]+__[a-z_]+(_v[0-9]+)?",
}
COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)
GRAIN = "Grain: one row per"
# What a source's column may say of itself: when it becomes known.
ALWAYS, SCHEDULE, DELIVERY = "always", "schedule", "delivery"
KINDS = frozenset({ALWAYS, SCHEDULE, DELIVERY, "registry", "outcome", "observation"})


@dataclass(frozen=True, order=True)
class Violation:
    """A rule that is broken, by what, and what to do."""

    subject: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message} [{self.rule}]"


def form(project: Project) -> Iterator[Violation]:
    """What is wrong with names, descriptions, grains, tests and contracts."""
    for model in project.models.values():
        yield from _names(model)
        yield from _descriptions(model)
        yield from _check_published(model)
        if not KEY_TESTS & model.tests:
            known = ", ".join(sorted(KEY_TESTS))
            yield Violation(model.title, "tested key", f"no test of its key: give it one of {known}")
        if model.layer == FEATURES:
            yield from _feature_rows(model)
    for source in project.sources.values():
        yield from _source(source)


def _names(model: Model) -> Iterator[Violation]:
    pattern = LAYERS.get(model.layer)
    if pattern is None:
        yield Violation(model.title, "names", f"{model.layer} is no layer; there are {', '.join(LAYERS)}")
    elif not re.fullmatch(pattern, model.title):
        yield Violation(model.title, "names", f"a model in {model.layer} is named like {pattern}")
    if model.folder != model.layer:
        yield Violation(model.title, "names", f"lies in {model.folder}/ but is built into {model.layer}")


def _descriptions(model: Model) -> Iterator[Violation]:
    if GRAIN not in model.description:
        yield Violation(model.title, "stated grain", f"its description does not say '{GRAIN} …'")
    if not model.columns:
        yield Violation(model.title, "descriptions", "no column is described")
    for name, column in model.columns.items():
        if not column.description.strip():
            yield Violation(f"{model.title}.{name}", "descriptions", "has no description")
    for alias, reason in model.trusted.items():
        if not str(reason).strip():
            yield Violation(model.title, "descriptions", f"`trusted` gives no reason for {alias}")


def _check_published(model: Model) -> Iterator[Violation]:
    if model.layer not in PUBLISHED:
        return
    if not model.is_contracted:
        yield Violation(
            model.title, "contract", f"a model in {model.layer} has `contract: {{enforced: true}}`"
        )
    for name, column in model.columns.items():
        if not column.data_type:
            yield Violation(f"{model.title}.{name}", "contract", "has no `data_type`")
    published = COMMENT.sub("", model.raw).rpartition("\nselect")[2]
    if re.match(r"\s*([a-z_]+\.)?\*", published):
        yield Violation(model.title, "no select *", "its last select ends in a star: name the columns")


def _feature_rows(model: Model) -> Iterator[Violation]:
    if "feature_rows" not in model.tests:
        yield Violation(model.title, "tested key", "a feature table has the test `feature_rows`")
    if missing := {NIGHT, "event_at", "created_at"} - set(model.columns):
        yield Violation(model.title, "names", f"a feature table has the columns {', '.join(sorted(missing))}")


def _source(source: Source) -> Iterator[Violation]:
    for name, column in source.columns.items():
        where = f"{source.name}.{name}"
        if not column.description.strip():
            yield Violation(where, "descriptions", "has no description")
        if not source.is_timeless and column.known not in KINDS:
            kinds = ", ".join(sorted(KINDS))
            yield Violation(
                where, "known in time", f"does not say when it is known: `known` is one of {kinds}"
            )
    if not source.is_timeless and source.known_by not in source.columns:
        yield Violation(source.name, "known in time", "`known_by` names none of its columns")
