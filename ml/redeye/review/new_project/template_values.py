"""What the templates of a project say: the answers, and what follows from them and the sample."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb

from redeye.foundation.settings import CHECKOUT
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.sample import NUMBERS, TYPES, Column, Sample

SCHEMAS = CHECKOUT / "ml" / "specs"
# Of the rows of a fortnight: fewer are too few to judge by.
USUAL_SHARE = 0.6


def describe_values(answers: Answers, sample: Sample) -> dict[str, Any]:
    """What the templates say: the answers, and what follows from them and the sample."""
    columns, one, zone = sample.columns, answers.one, answers.zone
    has_time = columns[answers.time].type == "TIMESTAMP"
    time = write_name(answers.time)
    local = f"timezone('{zone}', timezone('UTC', {time}))"
    day = f"cast({local} as date)" if has_time else time
    instant = time if has_time else f"timezone('UTC', timezone('{zone}', {time}::timestamp))"
    entities = _list_entities(answers, local if has_time else "")
    passed = [name for name in answers.in_advance if name not in answers.groups]
    inputs = [
        {"name": name, "kind": "numeric" if columns[name].type in NUMBERS else "categorical"}
        for name in passed
    ] + [{"name": name_key(name), "kind": "categorical"} for name in answers.groups]
    derived = ["weekday", "day_of_year", *(["minute_of_day"] if has_time else [])]
    keys = [entity["key"] for entity in entities]
    announced = [columns[name] for name in dict.fromkeys([*answers.key, answers.time, *answers.in_advance])]
    positive = answers.label.removeprefix("is_").replace("_", " ")
    per_night = sample.rows / max(sample.nights, 1)
    fct = _list_mart(answers, columns, entities, passed, derived)
    return {
        **answers.model_dump(),
        "model": answers.model,
        "key": answers.key,
        "groups": [name_key(name) for name in answers.groups],
        "command": (CHECKOUT / "redeye").as_posix(),
        "schema": (SCHEMAS / "project.json").as_posix(),
        "spec_schema": (SCHEMAS / "schema.json").as_posix(),
        "positive": positive,
        "has_time": has_time,
        "is_number": columns[answers.predict].type in NUMBERS,
        "entities": entities,
        "passed": passed,
        "inputs": inputs,
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
        "key_sql": ", ".join(_write_key(columns[name]) for name in answers.key),
        "day_sql": day,
        "local_sql": local,
        "instant_sql": instant,
        "label_sql": write_name(answers.predict)
        + ("" if answers.is_at_least is None else f" >= {answers.is_at_least:g}"),
        "label_description": f"Whether it turned out {positive}; null where nothing is known.",
        "predict_type": TYPES[columns[answers.predict].type][1],
        "fct_columns": fct,
        "fct_names": [
            each["name"] for each in fct if each["name"] in {*keys, f"{one}_date", *passed, "night", *derived}
        ],
        "nullable": [each["name"] for each in fct if each["may_be_null"]],
        "subject_columns": _list_subject(answers),
        "datasets": _list_datasets(answers, sample),
        "weight": max(2, round(per_night / 10)),
        "rows_of_window": max(20, round(14 * per_night * USUAL_SHARE)),
        "rows_of_drift": max(10, round(5 * per_night * USUAL_SHARE)),
    }


def name_key(group: str) -> str:
    """The column with the text key of a group, by the name of its own column."""
    return f"{group.removesuffix('_id')}_id"


def _list_entities(answers: Answers, local: str) -> list[dict[str, str]]:
    found = [
        {
            "name": name.removesuffix("_id"),
            "key": name_key(name),
            "sql": f"{write_name(name)}::varchar",
            "description": f"{name.capitalize()}, as delivered.",
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
    return found


def _list_mart(
    answers: Answers,
    columns: dict[str, Column],
    entities: list[dict[str, str]],
    passed: list[str],
    derived: list[str],
) -> list[dict[str, Any]]:
    one = answers.one

    def say(name: str, type_: str, description: str, *, may_be_null: bool = False) -> dict[str, Any]:
        _, dbt_type, suite_type = TYPES[type_]
        return {
            "name": name,
            "type": dbt_type,
            "suite_type": suite_type,
            "description": description,
            "may_be_null": may_be_null,
        }

    about = {
        "weekday": "Day of the week, 1 Monday to 7 Sunday.",
        "day_of_year": "Day of the year, from 1.",
        "minute_of_day": f"Minutes since midnight, in {answers.zone}.",
    }
    predicted = columns[answers.predict]
    return [
        say(f"{one}_id", "VARCHAR", f"Key of the {one}."),
        *(say(each["key"], "VARCHAR", each["description"]) for each in entities),
        say(f"{one}_date", "DATE", f"Its day, in {answers.zone}."),
        *(
            say(
                name,
                columns[name].type,
                f"{name.capitalize()}, as delivered.",
                may_be_null=columns[name].has_gaps,
            )
            for name in passed
        ),
        say("night", "DATE", "Night that predicts it: the one before its day."),
        *(say(name, "BIGINT", about[name]) for name in derived),
        say(
            answers.predict, predicted.type, f"{answers.predict.capitalize()}, once known.", may_be_null=True
        ),
        say(
            answers.label,
            "BOOLEAN",
            "Whether it turned out so; null where nothing is known.",
            may_be_null=True,
        ),
        say("starts_at", "TIMESTAMP", "When it is to happen, UTC."),
        say("entity_at", "TIMESTAMP", "When it is predicted: the cutoff of its night, UTC."),
        say("known_at", "TIMESTAMP", "When the row came to be known, UTC."),
        say("outcome_night", "DATE", "Night with whose build its outcome came.", may_be_null=True),
        say("outcome_known_at", "TIMESTAMP", "When its outcome came to be known, UTC.", may_be_null=True),
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
    many = answers.many
    return [
        {
            "name": many,
            "description": f"{many.capitalize()} of the coming day, as they are announced.",
            "lacks": "false",
            "why": f"Without them nobody knows which {many} to predict.",
            **_list_contract(answers, sample, advance),
        },
        {
            "name": "outcomes",
            "description": f"What became of {many}.",
            "lacks": "degraded",
            "why": "The coming day is predicted without them, from what was known before.",
            **_list_contract(answers, sample, (*advance, answers.predict)),
        },
    ]


def _list_contract(answers: Answers, sample: Sample, names: tuple[str, ...]) -> dict[str, Any]:
    columns, bounds = [], []
    for name in names:
        column = sample.columns[name]
        is_key = name in answers.key
        columns.append(
            {
                "name": name,
                "logical": TYPES[column.type][0],
                "is_required": is_key or name == answers.time or not column.has_gaps,
                "is_key": is_key,
            }
        )
        if column.bounds and not is_key:
            least, most = column.bounds
            width = (most - least) or abs(most) or 1.0
            bounds.append(
                {
                    "name": name,
                    "minimum": f"{least:g}",
                    "maximum": f"{most:g}",
                    "least": f"{min(least, max(least - width, 0.0)) if least >= 0 else least - width:g}",
                    "most": f"{most + width:g}",
                }
            )
    return {"columns": columns, "bounds": bounds}


def _write_key(column: Column) -> str:
    if column.type == "TIMESTAMP":
        return f"strftime({write_name(column.name)}, '%Y-%m-%dT%H%M%S')"
    return f"{write_name(column.name)}::varchar"


@cache
def _list_keywords() -> frozenset[str]:
    with duckdb.connect() as con:
        return frozenset(
            row[0] for row in con.execute("SELECT keyword_name FROM duckdb_keywords()").fetchall()
        )


def write_name(name: str) -> str:
    """A column's name as SQL writes it: in quotes if it is a word of SQL."""
    return f'"{name}"' if name.lower() in _list_keywords() else name
