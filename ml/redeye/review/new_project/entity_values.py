"""What the templates say of a project that predicts whoever rows are of, by what the rows of a span say of them."""

from __future__ import annotations

from typing import Any

from redeye.declarations.datasets import KnownAt
from redeye.declarations.span import DueNights, Span, find_due_nights
from redeye.foundation.errors import ConfigError
from redeye.review.new_project.answers import OF_COLUMN, Answers, name_key
from redeye.review.new_project.column_values import (
    describe_column,
    list_contract,
    list_shared,
    name_windows,
    size_windows,
    write_name,
)
from redeye.review.new_project.sample import NUMBERS, Sample

WEEK = 7


def find_due(answers: Answers) -> DueNights:
    """When the rows of the span that the answers declare come, and when its label is final."""
    span = Span(
        of="events", begins=answers.begins, nights=answers.during or 1, final_after=answers.final_after
    )
    known = KnownAt.model_validate({"after": "day", "of": answers.time, "lag": answers.known_after})
    return find_due_nights(span, answers.clock, known)


def check_sample(answers: Answers, sample: Sample) -> None:
    """Hold the answers about whoever rows are of against the data.

    Raises:
        ConfigError: naming the answer that the sample refutes.
    """
    columns = sample.columns
    if not sample.entities:
        raise ConfigError(
            f"each: {', '.join(answers.each)} is empty in every row: name columns that have values"
        )
    is_number = answers.take in OF_COLUMN and not answers.classes
    if is_number and answers.predict and columns[answers.predict].type not in NUMBERS:
        column = columns[answers.predict]
        numbers = [each.name for each in columns.values() if each.type in NUMBERS]
        raise ConfigError(
            f"predict: {column.name} is {column.type.lower()}, and has no {answers.take}: name a number, "
            f"as {' or '.join(numbers) or 'none that is named here'}"
            + (", or its `classes`" if answers.take == "last" else "")
        )
    for name in answers.valid or ():
        if columns[name].type not in ("DATE", "TIMESTAMP"):
            raise ConfigError(
                f"valid: {name} is {columns[name].type.lower()}, no date: write it as ISO 8601, or say "
                "`seen_within` in place of `valid`"
            )
    if answers.begins == "cutoff" and columns[answers.time].type == "DATE" and answers.cutoff != "00:00":
        raise ConfigError(
            f"begins: {answers.time} has dates alone, which a cutoff at {answers.cutoff} divides: write midnight"
        )
    final = find_due(answers).final
    if final >= len(sample.dates):
        raise ConfigError(
            f"during: a label of {answers.during} nights is final {final} nights after its own, and the sample has "
            f"{len(sample.dates)}: none is final; give a longer sample, or a shorter span"
        )


def describe_entity_values(answers: Answers, sample: Sample) -> dict[str, Any]:
    """What the templates say: the answers, and what follows from them and the sample."""
    one, many, columns = answers.one, answers.many, sample.columns
    entities = _list_entities(answers)
    grouped = [name_key(name) for name in answers.groups]
    keys = list(dict.fromkeys(name_key(name) for name in answers.each))
    keys = list(dict.fromkeys([entities[0]["key"], *keys]))
    of_rows = [name for name in answers.groups if name_key(name) not in keys]
    known = [name for name in answers.in_advance if name not in (*answers.groups, *answers.each)]
    predicted = [answers.predict] if answers.predict else []
    # The newest class is known with its row, as other words are.
    classes, amounts = (predicted, []) if answers.classes else ([], predicted)
    passed = [*(name for name in known if columns[name].type in ("VARCHAR", "BOOLEAN")), *classes]
    numbers = [name for name in dict.fromkeys([*known, *amounts]) if columns[name].type in NUMBERS]
    newest = [name_key(name) for name in of_rows] + passed
    has_weekday = (answers.during or 1) % WEEK != 0
    inputs = [
        *([{"name": "weekday", "kind": "numeric"}] if has_weekday else []),
        {"name": "days_since_seen", "kind": "numeric"},
        {"name": "days_since", "kind": "categorical"},
        *({"name": name, "kind": "categorical"} for name in [*grouped, *passed]),
    ]
    is_counting = answers.take not in OF_COLUMN and answers.predict is not None
    counted = ",".join(["rows", *(["counted"] if is_counting else [])])
    is_yes_or_no = answers.take == "exists"
    span = f"the {answers.during} days from " + (
        "the cutoff on" if answers.begins == "cutoff" else "the midnight after the cutoff on"
    )
    what, windows = _describe_label(answers), name_windows(answers)
    mart = _list_mart(answers, sample, keys, newest, has_weekday=has_weekday)
    fct = [*mart, *_list_label(answers, sample)]
    return {
        **list_shared(answers, sample),
        "each": list(answers.each),
        "entities": entities,
        "keys": keys,
        "passed": passed,
        "numbers": numbers,
        "newest": newest,
        "has_weekday": has_weekday,
        "inputs": inputs,
        "is_counting": is_counting,
        "columns": list(answers.columns),
        "features": [
            f'"{each["name"]}_history:{f"{{{names}}}" if "," in names else names}_{windows}"'
            for each in entities
            for names in (counted, *(f"sum_{name},mean_{name}" for name in numbers))
        ],
        "grouped": [*grouped, *classes, "days_since"],
        "counted_sql": _write_counted(answers),
        "counted_description": "Whether it counts: labels are made of such rows alone.",
        "taken_sql": _write_taken(answers, sample),
        "label_description": f"{what} of {span}.",
        "summary": f"Predicts each night, of each of the {many}, {what} of {span}, with Redeye.",
        "description": f"Of each of the {many}, {what} of {span}, known at {answers.cutoff} {answers.zone}.",
        "is_yes_or_no": is_yes_or_no,
        "is_integer": _is_integer(answers, sample),
        "subject_key": f"{one}_day_id",
        "schedule": f"marts.dim_{many}",
        "maturity": find_due(answers).final,
        "subject_columns_of_mart": mart,
        "subject_names": [each["name"] for each in mart],
        "fct_columns": fct,
        "nullable": [each["name"] for each in fct if each["may_be_null"]],
        "subject_keys": keys,
        "slices": grouped if set(grouped) <= set(keys) else [each for each in grouped if each in keys],
        "subject_columns": [
            {"name": f"{one}_day_id", "suite_type": "text"},
            {"name": f"{one}_date", "suite_type": "date"},
            *({"name": key, "suite_type": "text"} for key in keys),
            *([{"name": "weekday", "suite_type": "int"}] if has_weekday else []),
            {"name": "starts_at", "suite_type": "timestamp"},
            {"name": "ends_at", "suite_type": "timestamp"},
        ],
        **_list_valid(answers, sample),
        "datasets": [
            {
                "name": "events",
                "grain": f"One row per {', '.join(answers.key)}; a second would count twice.",
                "description": f"Rows that {many} are known by, and that labels are made of.",
                "lacks": "degraded",
                "why": "What is known is predicted from; no label is made of a span that lacks a night.",
                **list_contract(answers, sample, answers.columns),
            }
        ],
        **size_windows(sample.entities, len(sample.dates)),
    }


def _list_entities(answers: Answers) -> list[dict[str, str]]:
    """Whoever is predicted first; then what tells them apart, and the groups, which have features of their own."""
    parts = [
        {
            "name": name.removesuffix("_id"),
            "key": name_key(name),
            "sql": f"{write_name(name)}::varchar",
            "description": f"{name.capitalize()}, as delivered.",
        }
        for name in dict.fromkeys([*answers.each, *answers.groups])
    ]
    if len(answers.each) == 1:
        return parts
    written = ", ".join(f"{write_name(name)}::varchar" for name in answers.each)
    whole = {
        "name": answers.one,
        "key": f"{answers.one}_id",
        "sql": f"concat_ws('_', {written})",
        "description": f"Key of the {answers.one}: {', '.join(answers.each)}.",
    }
    return [whole, *parts]


def _list_mart(
    answers: Answers, sample: Sample, keys: list[str], newest: list[str], *, has_weekday: bool
) -> list[dict[str, Any]]:
    one = answers.one
    by_key = {name_key(name): sample.columns[name] for name in answers.groups}
    gaps = {name: (by_key.get(name) or sample.columns[name]).has_gaps for name in newest}
    weekday = describe_column("weekday", "BIGINT", "Day of the week of the cutoff, 1 Monday to 7 Sunday.")
    return [
        describe_column(f"{one}_day_id", "VARCHAR", f"Key of the {one} at a night: its own, and the day."),
        *(describe_column(key, "VARCHAR", f"{key.capitalize()}, as text.") for key in keys),
        *(
            describe_column(
                name,
                "VARCHAR",
                f"{name.capitalize()} of its newest row that has one.",
                may_be_null=gaps[name],
            )
            for name in newest
        ),
        describe_column(f"{one}_date", "DATE", f"The day of the cutoff, in {answers.zone}."),
        describe_column("night", "DATE", "Night that predicts it."),
        *([weekday] if has_weekday else []),
        describe_column("days_since_seen", "BIGINT", "Days since its newest row, at the day of the cutoff."),
        describe_column("days_since", "VARCHAR", "The same in words, of the most that matter."),
        describe_column("starts_at", "TIMESTAMP", "When the span begins that is predicted, UTC."),
        describe_column("ends_at", "TIMESTAMP", "When it ends, UTC."),
        describe_column("entity_at", "TIMESTAMP", "When it is predicted: the cutoff of its night, UTC."),
        describe_column("known_at", "TIMESTAMP", "When the newest of its rows came to be known, UTC."),
    ]


def _list_label(answers: Answers, sample: Sample) -> list[dict[str, Any]]:
    exact = "BIGINT" if _is_integer(answers, sample) else "DOUBLE"
    type_ = "BOOLEAN" if answers.take == "exists" else "VARCHAR" if answers.classes else exact
    return [
        describe_column(
            answers.label,
            type_,
            "The label; null until it is final, and where a delivery of its span lacks.",
            may_be_null=True,
        ),
        describe_column(
            "outcome_night", "DATE", "Night with whose build the label was final.", may_be_null=True
        ),
        describe_column(
            "outcome_known_at", "TIMESTAMP", "When the label came to be known, UTC.", may_be_null=True
        ),
    ]


def _list_valid(answers: Answers, sample: Sample) -> dict[str, str]:
    if answers.valid is None:
        return {}
    written = {}
    for role, name in zip(("valid_from_sql", "valid_until_sql"), answers.valid, strict=True):
        column = write_name(name)
        is_date = sample.columns[name].type == "DATE"
        written[role] = (
            column if is_date else f"cast(timezone('{answers.zone}', timezone('UTC', {column})) as date)"
        )
    return written


def _is_integer(answers: Answers, sample: Sample) -> bool:
    if answers.classes:
        return False
    is_whole = answers.predict is not None and sample.columns[answers.predict].type == "BIGINT"
    return answers.take == "count" or (answers.take in ("sum", "last") and is_whole)


def _write_counted(answers: Answers) -> str:
    if answers.predict is None:
        return "true"
    column = write_name(answers.predict)
    if answers.take in OF_COLUMN:
        return f"{column} is not null"
    if answers.is_at_least is not None:
        return f"coalesce({column} >= {answers.is_at_least:.15g}, false)"
    return f"coalesce({column}, false)"


def _write_taken(answers: Answers, sample: Sample) -> str:
    type_ = "varchar" if answers.classes else "bigint" if _is_integer(answers, sample) else "double"
    column = f"events.{write_name(answers.predict or '')}"
    # Sums of decimals are the same twice, those of floating-point numbers are not.
    total = f"sum({column}::decimal(38, 6))"
    return {
        "exists": "true",
        "count": "count(*)",
        "sum": f"{total}::{type_}",
        "mean": f"{total}::double / count(*)",
        "last": f"arg_max({column}, (events.happened_at, events.event_id))::{type_}",
    }[str(answers.take)]


def _describe_label(answers: Answers) -> str:
    rows = "rows" if answers.predict is None else f"rows with {answers.predict}"
    if answers.is_at_least is not None:
        rows = f"{rows} of {answers.is_at_least:.15g} or more"
    if answers.classes:
        return f"which of {', '.join(answers.classes)} is the last {answers.predict}"
    return {
        "exists": f"whether there are {rows}",
        "count": f"how many {rows} there are",
    }.get(str(answers.take), f"the {answers.take} of {answers.predict} in the rows")
