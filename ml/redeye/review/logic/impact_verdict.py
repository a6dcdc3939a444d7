"""What a change of the dbt project does, as facts, and the verdict on it.

`safe`: nothing that anyone reads changes. `look`: something does, and nothing breaks. `breaks`: the change must not
be merged as it is. Exit codes in the same order: 0, 1, 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from redeye.champions.logic.readers import SHOWN, Reader, some
from redeye.review.logic.house_rules import Violation
from redeye.review.logic.impact_gains import Gain, describe_label
from redeye.review.logic.impact_moves import ScoreDiff
from redeye.review.logic.impact_reach import Consumer, Rollout
from redeye.review.logic.model_diff import ColumnDiff, ModelDiff, Origin
from redeye.warehouse.logic.dbt_models import FEATURES, PUBLISHED

# A model that takes both so many times and so many seconds longer is pointed out.
SLOWER, SLOWER_SECONDS = 2.0, 10.0


class Verdict(StrEnum):
    """What to do with a change."""

    SAFE = "safe"
    LOOK = "look"
    BREAKS = "breaks"

    @property
    def exit_code(self) -> int:
        """0, 1 or 2."""
        return list(Verdict).index(self)


@dataclass(frozen=True)
class SpecDiff:
    """A spec, before and after; `fields` are the others that change, but for those that only describe."""

    model: str
    version_old: int | None
    version_new: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """What a model predicts: a column of its population's relation, `schema.table`."""

    model: str
    relation: str
    column: str


@dataclass(frozen=True)
class Impact:
    """Everything that was found."""

    base: str
    release_id: str
    nights: str
    models: tuple[ModelDiff, ...]
    specs: tuple[SpecDiff, ...] = ()
    violations: tuple[Violation, ...] = ()
    broken_files: tuple[str, ...] = ()
    """Files that cannot be read or do not follow what is declared, one sentence each."""
    failure: str = ""
    failed_unit_tests: str = ""
    refusals: tuple[str, ...] = ()
    """Why the next night would not publish a release with it."""
    kept_columns: tuple[str, ...] = ()
    """Columns that are otherwise where nights add to a table than where it is built anew."""
    targets: tuple[Target, ...] = ()
    leaks: tuple[str, ...] = ()
    short_of_history: tuple[str, ...] = ()
    """Tables of which a night that is built by itself lacks history that it has among others."""
    checked_nights: str = ""
    readers: tuple[Reader, ...] = ()
    used_by_specs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    redefined: tuple[str, ...] = ()
    """Columns that these readers read and that the change defines otherwise, whatever their values."""
    scores: tuple[ScoreDiff, ...] = ()
    gains: tuple[Gain, ...] = ()
    untrained: tuple[str, ...] = ()
    """Why models could not be trained on it."""
    consumers: tuple[Consumer, ...] = ()
    rollout: Rollout | None = None
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """The verdict with its reasons, the gravest first."""

    verdict: Verdict
    reasons: tuple[str, ...]


def frame_column(model: ModelDiff, column: str) -> str:
    """The column of a training frame that a column of a feature table becomes."""
    return f"{model.title.removeprefix('feat_').replace('__', '_', 1)}__{column}"


def find_affected_columns(impact: Impact) -> dict[str, tuple[ModelDiff, ColumnDiff]]:
    """Frame columns of features that are not as they were; lost rows count for every column of a table."""
    found = {}
    for model in impact.models:
        if model.layer != FEATURES or model.origin is Origin.NEW:
            continue
        for column in model.columns:
            if column.name in model.key or column.name in {"event_at", "created_at"}:
                continue
            is_hit = column.change in {"removed", "type", "values"} or model.keys_added or model.keys_lost
            if is_hit or model.origin is Origin.REMOVED:
                found[frame_column(model, column.name)] = (model, column)
    return found


def list_touched_models(impact: Impact) -> tuple[str, ...]:
    """The models whose features, rows or label are not as they were: a training of any other comes to the same."""
    hit = find_affected_columns(impact).keys()
    relations = {each.name: each for each in impact.models}
    touched = {each.model for each in impact.specs}
    touched |= {model for model, features in impact.used_by_specs.items() if hit & {*features}}
    labels = {each.column for each in impact.targets}
    for target in impact.targets:
        if diff := relations.get(target.relation):
            # The label of another model over the same rows is none of this one's columns.
            changed = {each.name for each in diff.changed if each.change != "added"}
            changed -= labels - {target.column}
            touched |= {target.model} if changed or diff.keys_added or diff.keys_lost else set()
    return tuple(sorted(touched))


def judge(impact: Impact) -> Judgement:
    """The verdict on a change."""
    breaks, look = [*_breaks(impact)], [*_looks(impact)]
    told = (
        *(str(each) for each in impact.scores if not each.is_worse),
        *(f"{each.model} trained anew: {each}" for each in impact.gains if not each.is_worse),
        *(words for each in impact.gains for words in describe_label(each)),
    )
    if breaks:
        return Judgement(Verdict.BREAKS, (*breaks, *look, *told))
    if look:
        return Judgement(Verdict.LOOK, (*look, *told))
    if not impact.models and not impact.specs:
        return Judgement(Verdict.SAFE, ("no model differs from the base", *told))
    new = [each.title for each in impact.models if each.origin is Origin.NEW]
    added = [f"{m.title}.{c.name}" for m in impact.models for c in m.columns if c.change == "added"]
    if new or added:
        return Judgement(Verdict.SAFE, (f"only adds {some([*new, *added])}; all else is as it was", *told))
    return Judgement(Verdict.SAFE, ("every row of every model that was built is as it was", *told))


def _list_refusals(impact: Impact) -> Iterable[str]:
    """Why unit tests or the audits of the next night would not let it through."""
    if impact.failed_unit_tests:
        yield f"unit tests fail: {impact.failed_unit_tests}"
    for refusal in impact.refusals[:SHOWN]:
        yield f"the next night would be refused: {refusal}"
    if len(impact.refusals) > SHOWN:
        yield f"the next night would be refused for {len(impact.refusals) - SHOWN} reasons more"


def _breaks(impact: Impact) -> Iterable[str]:
    if impact.failure:
        yield f"dbt failed: {impact.failure}"
    for violation in impact.violations[:SHOWN]:
        yield f"house rule: {violation}"
    if len(impact.violations) > SHOWN:
        yield f"house rules: {len(impact.violations) - SHOWN} more; `./redeye rules` tells them all"
    yield from impact.broken_files
    for leak in impact.leaks:
        yield f"a feature knows what became known later: {leak}"
    yield from impact.short_of_history
    yield from _broken_readers(impact)
    yield from _find_redefined_targets(impact)
    yield from _list_refusals(impact)
    for spec in impact.specs:
        if (spec.added or spec.removed) and spec.version_old == spec.version_new:
            yield (
                f"the features of {spec.model} change ({some([*spec.added, *spec.removed])}) and its version stays "
                f"{spec.version_new}: raise it, so that the version that serves keeps its own"
            )
        if "target" in spec.fields:
            yield (
                f"the spec of {spec.model} predicts something else: every version so far learned the target as it was, "
                "and is judged by it. Declare a model that predicts the new one beside it"
            )
    for diff in impact.models:
        gone = [each.title for each in diff.columns if each.is_unreadable]
        if gone and diff.layer in PUBLISHED and diff.layer != FEATURES:
            yield f"{diff.title} loses or retypes {some(gone)}, which consumers may read"


def _find_redefined_targets(impact: Impact) -> Iterable[str]:
    """What a model predicts, where its values or its type are not as they were."""
    relations = {diff.name: diff for diff in impact.models}
    for target in impact.targets:
        diff = relations.get(target.relation)
        columns = {each.name: each for each in diff.columns} if diff else {}
        column = columns.get(target.column)
        if column is not None and column.change in {"removed", "type", "values"}:
            how = (
                f"other values in {column.rows:,} rows"
                if column.change == "values"
                else f"change: {column.change}"
            )
            yield (
                f"{diff.title if diff else ''}.{column.name} is what {target.model} predicts ({how}): every version so "
                "far learned the label as it was, and is judged by it. Put the new label beside it as a column of "
                "another name, and declare a model that predicts it"
            )


def _broken_readers(impact: Impact) -> Iterable[str]:
    """What a version that serves reads, or a spec names, and is no longer the same."""
    hit = find_affected_columns(impact)
    for reader in impact.readers:
        if used := sorted(reader.columns & hit.keys()):
            tables = {hit[name][0].title: hit[name][0].beside for name in used}
            # Of a table that is gone there is nothing to put beside.
            ways = sorted({each for each in tables.values() if each})
            beside = f" and put the change beside it, {'; '.join(ways)}" if ways else ""
            yield (
                f"{len(used)} of the features that {reader} reads change ({some(used)}): leave "
                f"{', '.join(sorted(tables))} as it is{beside}"
            )
    for model, features in impact.used_by_specs.items():
        gone = [name for name in features if name in hit and _is_lost(*hit[name])]
        if gone:
            yield f"the spec of {model} names what is gone or of a type that it cannot read: {some(gone)}"


def _is_lost(model: ModelDiff, column: ColumnDiff) -> bool:
    return model.origin is Origin.REMOVED or column.is_unreadable


def _look_at_model(model: ModelDiff) -> Iterable[str]:
    if model.origin is Origin.REMOVED:
        yield f"{model.title} is gone"
        return
    if model.keys_added or model.keys_lost:
        yield f"{model.title}: {model.keys_added:,} keys added, {model.keys_lost:,} lost"
    values = [each for each in model.changed if each.change == "values"]
    if values and model.layer != "intermediate":
        worst = max(values, key=lambda each: each.rows)
        named = some([each.name for each in values])
        yield f"{model.title}: other values in {named}, {worst.rows:,} rows in {worst.name}"
    is_mart = model.layer in PUBLISHED and model.layer != FEATURES
    gone = [each for each in model.changed if each.change in {"removed", "type"}]
    # What a mart's readers cannot go on with breaks them.
    if gone := [each for each in gone if not (is_mart and each.is_unreadable)]:
        yield f"{model.title} loses or retypes {some([each.title for each in gone])}"
    if (
        model.seconds_old is not None
        and model.seconds_new > SLOWER * model.seconds_old
        and model.seconds_new - model.seconds_old > SLOWER_SECONDS
    ):
        yield f"{model.title} takes {model.seconds_new:.0f} s, it took {model.seconds_old:.0f} s"


def _looks(impact: Impact) -> Iterable[str]:
    yield from impact.kept_columns
    yield from (str(each) for each in impact.scores if each.is_worse)
    for model in impact.models:
        yield from _look_at_model(model)
    if impact.redefined and not any(_broken_readers(impact)):
        yield (
            f"{some(impact.redefined)} is defined otherwise and has the same rows: the nightly build takes that in by "
            "`./redeye rebuild <the head's night> --reason '…'` alone, as a version that serves reads it"
        )
    for gain in impact.gains:
        if gain.is_worse:
            yield f"{gain.model} trained on it is worse: {gain}"
    yield from impact.untrained
    for spec in impact.specs:
        if spec.version_old != spec.version_new:
            yield f"{spec.model} is trained on other features from now on (version {spec.version_new})"
        if others := [each for each in spec.fields if each != "target"]:
            yield f"the spec of {spec.model} changes in {', '.join(others)}"
