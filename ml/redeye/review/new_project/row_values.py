"""What the templates say of a project whose rows are predicted: the answers, and what follows from the sample."""

from __future__ import annotations

from typing import Any

from redeye.declarations.calendar import count_nights_on
from redeye.declarations.datasets import KnownAt
from redeye.declarations.span import count_nights_to_outcomes
from redeye.review.new_project.answers import Answers, name_key
from redeye.review.new_project.column_values import (
    describe_column,
    list_contract,
    list_shared,
    name_windows,
    size_windows,
    write_name,
)
from redeye.review.new_project.sample import NUMBERS, TYPES, Column, Sample


def describe_row_values(answers: Answers, sample: Sample) -> dict[str, Any]:
    """What the templates say: the answers, and what follows from them and the sample."""
    columns, one, predict = sample.columns, answers.one, str(answers.predict)
    shared = list_shared(answers, sample)
    has_time = shared["has_time"]
    entities = _list_entities(answers, shared["local_sql"] if has_time else "")
    passed = [name for name in answers.in_advance if name not in answers.groups]
    groups = [name_key(name) for name in answers.groups]
    is_yes_or_no = not answers.classes and not answers.is_number
    # The heuristic of classes and numbers goes by categories: without groups by those of the time.
    of_time = [] if is_yes_or_no or groups else [each["key"] for each in entities[:-1]]
    inputs = [
        {"name": name, "kind": "numeric" if columns[name].type in NUMBERS else "categorical"}
        for name in passed
    ] + [{"name": name, "kind": "categorical"} for name in [*groups, *of_time]]
    derived = ["weekday", "day_of_year", *(["minute_of_day"] if has_time else [])]
    has_mean = columns[predict].type in NUMBERS and not answers.classes
    shares = [f"share_{each['word']}" for each in shared["classes"]]
    told = ["rows", *shares, *(["rate"] if is_yes_or_no else []), *(["mean"] if has_mean else [])]
    keys = [entity["key"] for entity in entities]
    windows, longest = name_windows(answers), shared["windows"][-1]
    announced = [columns[name] for name in dict.fromkeys([*answers.key, answers.time, *answers.in_advance])]
    positive = answers.label.removeprefix("is_").replace("_", " ")
    nights = count_nights_on(answers.clock, sample.dates)
    fct = _list_mart(answers, columns, entities, passed, derived)
    return {
        **shared,
        **_describe_question(answers, positive),
        "groups": groups,
        "is_yes_or_no": is_yes_or_no,
        "is_integer": answers.is_number and columns[predict].type == "BIGINT",
        "subject_key": f"{one}_id",
        "schedule": f"staging.stg_{answers.project}__{answers.many}",
        "maturity": _find_final(answers),
        "grouped": [] if is_yes_or_no else groups or of_time,
        "positive": positive,
        "has_mean": has_mean,
        "entities": entities,
        "passed": passed,
        "inputs": [*({"name": name, "kind": "numeric"} for name in derived), *inputs],
        "features": [
            feature
            for entity in entities
            for feature in (
                f'"{entity["name"]}_history:{{{",".join(told)}}}_{windows}"',
                *([f"{entity['name']}_history:yes_{longest}n"] if is_yes_or_no else []),
            )
        ],
        "announced": announced,
        "row_names": [  # as the macro `row_columns` has them
            f"{one}_id",
            *keys,
            f"{one}_date",
            *passed,
            "night",
            *derived,
            "starts_at",
            "entity_at",
            "known_at",
        ],
        "label_sql": _write_label(answers),
        "predict_type": TYPES[columns[predict].type][1],
        "fct_columns": fct,
        "fct_names": [
            each["name"] for each in fct if each["name"] in {*keys, f"{one}_date", *passed, "night", *derived}
        ],
        "nullable": [each["name"] for each in fct if each["may_be_null"]],
        "subject_columns": _list_subject(answers),
        "datasets": _list_datasets(answers, sample),
        **size_windows(sample.rows / nights, nights, answers.every),
    }


def _describe_question(answers: Answers, positive: str) -> dict[str, str]:
    """What is asked, in words."""
    every, many, known = answers.every, answers.many, f"with what is known at {answers.cutoff} {answers.zone}"
    if answers.classes:
        which = f"which of {', '.join(answers.classes)}"
        return {
            "summary": f"Predicts each night of each of the coming {every}'s {many} {which} comes, with Redeye.",
            "description": f"Of each of the coming {every}'s {many}, {which} comes, {known}.",
            "label_description": "How it turned out; null where nothing is known.",
        }
    if answers.is_number:
        number = f"the {answers.predict} of each"
        return {
            "summary": f"Predicts each night {number} of the coming {every}'s {many}, with Redeye.",
            "description": f"Of each of the coming {every}'s {many}, the {answers.predict}, {known}.",
            "label_description": f"Its {answers.predict}, once known.",
        }
    return {
        "summary": f"Predicts each night which of the coming {every}'s {many} turn out {positive}, with Redeye.",
        "description": f"Probability that one of the coming {every}'s {many} turns out {positive}, {known}.",
        "label_description": f"Whether it turned out {positive}; null where nothing is known.",
    }


def _find_final(answers: Answers) -> int:
    known = KnownAt.model_validate({"after": "day", "of": answers.time, "lag": answers.known_after})
    # Where a night is a day, corrections of the next are waited for.
    return max(2 if answers.every == "day" else 1, count_nights_to_outcomes(answers.clock, known))


def _write_label(answers: Answers) -> str:
    column = write_name(str(answers.predict))
    if answers.classes:
        return f"{column}::varchar"
    return column if answers.is_at_least is None else f"{column} >= {answers.is_at_least:.15g}"


def _list_entities(answers: Answers, local: str) -> list[dict[str, str]]:
    found = [
        {
            "name": name.removesuffix("_id"),
            "key": name_key(name),
            "sql": f"{write_name(name)}::varchar",
            "description": f"Its {name}, as delivered.",
        }
        for name in answers.groups
    ]
    if local:
        sql = f"lpad(hour({local})::varchar, 2, '0')"
        found.append(
            {
                "name": "hour_of_day",
                "key": "hour_of_day_id",
                "sql": sql,
                "description": "Hour of the day, from 00 to 23.",
            }
        )
    weekday = f"isodow({local or write_name(answers.time)})::varchar"
    found.append(
        {
            "name": "day_of_week",
            "key": "day_of_week_id",
            "sql": weekday,
            "description": "Day of the week, 1 to 7.",
        }
    )
    found.append(
        {
            "name": f"any_{answers.one}",
            "key": f"any_{answers.one}_id",
            "sql": "'any'",
            "description": f"All {answers.many} together: one key.",
        }
    )
    return found


def _list_mart(
    answers: Answers,
    columns: dict[str, Column],
    entities: list[dict[str, str]],
    passed: list[str],
    derived: list[str],
) -> list[dict[str, Any]]:
    one, predict = answers.one, str(answers.predict)

    about = {
        "weekday": "Day of the week, 1 Monday to 7 Sunday.",
        "day_of_year": "Day of the year, from 1.",
        "minute_of_day": f"Minutes since midnight, in {answers.zone}.",
    }
    predicted = columns[predict]
    return [
        describe_column(f"{one}_id", "VARCHAR", f"Key of the {one}."),
        *(describe_column(each["key"], "VARCHAR", each["description"]) for each in entities),
        describe_column(f"{one}_date", "DATE", f"Its day, in {answers.zone}."),
        *(
            describe_column(
                name,
                columns[name].type,
                f"Its {name}, as delivered.",
                may_be_null=columns[name].has_gaps,
            )
            for name in passed
        ),
        describe_column("night", "DATE", f"Night that predicts it: the one before its {answers.every}."),
        *(describe_column(name, "BIGINT", about[name]) for name in derived),
        describe_column(predict, predicted.type, f"Its {predict}, once known.", may_be_null=True),
        describe_column(
            answers.label,
            "VARCHAR" if answers.classes else predicted.type if answers.is_number else "BOOLEAN",
            _describe_question(answers, "so")["label_description"],
            may_be_null=True,
        ),
        describe_column("starts_at", "TIMESTAMP", "When it is to happen, UTC."),
        describe_column("entity_at", "TIMESTAMP", "When it is predicted: the cutoff of its night, UTC."),
        describe_column("known_at", "TIMESTAMP", "When the row came to be known, UTC."),
        describe_column(
            "outcome_night", "DATE", "Night with whose build its outcome came.", may_be_null=True
        ),
        describe_column(
            "outcome_known_at", "TIMESTAMP", "When its outcome came to be known, UTC.", may_be_null=True
        ),
    ]


def _list_subject(answers: Answers) -> list[dict[str, str]]:
    return [
        {"name": f"{answers.one}_id", "suite_type": "text"},
        {"name": f"{answers.one}_date", "suite_type": "date"},
        *({"name": name_key(name), "suite_type": "text"} for name in answers.groups),
        {"name": "starts_at", "suite_type": "timestamp"},
    ]


def _list_datasets(answers: Answers, sample: Sample) -> list[dict[str, Any]]:
    advance = tuple(dict.fromkeys([*answers.key, answers.time, *answers.in_advance]))
    many, grain = answers.many, f"One row per {answers.one}; a second would count twice."
    return [
        {
            "name": many,
            "grain": grain,
            "description": f"{many.capitalize()} of the coming {answers.every}, as they are announced.",
            "lacks": "false",
            "why": f"Without them nobody knows which {many} to predict.",
            **list_contract(answers, sample, advance),
        },
        {
            "name": "outcomes",
            "grain": grain,
            "description": f"What became of {many}.",
            "lacks": "degraded",
            "why": f"The coming {answers.every} is predicted without them, from what was known before.",
            **list_contract(answers, sample, (*advance, str(answers.predict))),
        },
    ]
