"""What both shapes of a project say of columns: their types, contracts, and how SQL writes them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

from redeye.foundation.engine.command import ELSEWHERES
from redeye.foundation.engine.places import ENGINE
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.sample import TYPES, Column, Sample

SCHEMAS = ENGINE / "ml" / "specs"


@dataclass(frozen=True)
class Pace:
    """How nights are counted where a night is a day, or a week.

    Attributes:
        windows: of features, in nights.
        step: windows of gates and verdicts are so many nights, or several times as many.
        gates: nights at least that gates go by: the spec asks ten of them.
        verdicts: nights at least that verdicts go by.
        training: nights at least that are learned from.
        history: nights at most.
        cooldown: nights after a request to train before the next.
        age: nights after which a model is old.
    """

    windows: tuple[int, int, int]
    step: int
    gates: int
    verdicts: int
    training: int
    history: int
    cooldown: int
    age: int


PACES = {
    "day": Pace((1, 7, 28), step=7, gates=14, verdicts=14, training=21, history=365, cooldown=14, age=60),
    "week": Pace((1, 4, 13), step=1, gates=10, verdicts=4, training=13, history=104, cooldown=4, age=13),
}
# Of so few rows, gates and verdicts would go by chance: where nights are small, their windows are longer.
ROWS_OF_GATES, ROWS_OF_VERDICTS = 200, 60
# Of a window's usual rows: with fewer of them it is not judged.
USUAL_SHARE = 0.6


def list_shared(answers: Answers, sample: Sample) -> dict[str, Any]:
    """What the templates of both shapes say: the answers, where things lie, and how a row's day is written."""
    time = write_name(answers.time)
    has_time = sample.columns[answers.time].type == "TIMESTAMP"
    local = f"timezone('{answers.zone}', timezone('UTC', {time}))"
    return {
        **answers.model_dump(),
        "classes": list_classes(answers),
        "model": answers.model,
        "windows": list(PACES[answers.every].windows),
        "command": ELSEWHERES,
        "schema": (SCHEMAS / "project.json").as_posix(),
        "spec_schema": (SCHEMAS / "schema.json").as_posix(),
        "has_time": has_time,
        "key_sql": ", ".join(write_key(sample.columns[name]) for name in answers.key),
        "local_sql": local,
        "day_sql": f"cast({local} as date)" if has_time else time,
        "instant_sql": time
        if has_time
        else f"timezone('UTC', timezone('{answers.zone}', {time}::timestamp))",
    }


def size_windows(per_night: float, nights: int, every: str = "day") -> dict[str, int]:
    """How long the windows of gates and verdicts are, and how many rows are asked of each.

    Args:
        per_night: rows of a usual night.
        nights: nights of the sample; no window is longer than a sixth of them, but for the least there can be.
        every: how long a night is.
    """
    pace = PACES[every]

    def count_nights(rows: int, least: int) -> int:
        steps = min(math.ceil(rows / per_night / pace.step), nights // 6 // pace.step)
        return max(least, pace.step * steps)

    gates, verdicts = count_nights(ROWS_OF_GATES, pace.gates), count_nights(ROWS_OF_VERDICTS, pace.verdicts)
    return {
        "nights_of_gates": gates,
        "nights_of_verdicts": verdicts,
        "nights_of_training": max(pace.training, gates),
        "nights_of_history": max(pace.history, 6 * gates),
        "nights_of_cooldown": pace.cooldown,
        "nights_of_age": pace.age,
        "weight": max(2, round(per_night / 10)),
        "rows_of_gates": max(20, round(gates * per_night * USUAL_SHARE)),
        "rows_of_verdicts": max(20, round(verdicts * per_night * USUAL_SHARE)),
        "rows_of_drift": max(10, round(5 * per_night * USUAL_SHARE)),
    }


def describe_column(name: str, type_: str, description: str, *, may_be_null: bool = False) -> dict[str, Any]:
    """A column of a mart, for dbt's YAML and for its suite."""
    _, dbt_type, suite_type = TYPES[type_]
    return {
        "name": name,
        "type": dbt_type,
        "suite_type": suite_type,
        "description": description,
        "may_be_null": may_be_null,
    }


def list_contract(answers: Answers, sample: Sample, names: tuple[str, ...]) -> dict[str, Any]:
    """The columns of a dataset's contract, and the bounds of numbers, wider than the sample shows."""
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
                    "minimum": f"{least:.15g}",
                    "maximum": f"{most:.15g}",
                    "least": f"{min(least, max(least - width, 0.0)) if least >= 0 else least - width:.15g}",
                    "most": f"{most + width:.15g}",
                }
            )
    return {"columns": columns, "bounds": bounds}


def name_windows(answers: Answers) -> str:
    """The windows of features, as a spec names several at once."""
    return f"{{{','.join(f'{nights}n' for nights in PACES[answers.every].windows)}}}"


def name_word(text: str) -> str:
    """A text as a part of a column's name; empty if it has neither letters nor digits."""
    return re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")


def list_classes(answers: Answers) -> list[dict[str, str]]:
    """The classes: as they are, as SQL writes them, and as a part of a column's name."""
    return [{"name": name, "sql": write_text(name), "word": name_word(name)} for name in answers.classes]


def write_text(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def write_key(column: Column) -> str:
    """The SQL of a part of a key, as text."""
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
