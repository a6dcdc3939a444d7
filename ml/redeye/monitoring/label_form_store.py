"""The form of the label's column in a release: type, values, and how many rows have none."""

from __future__ import annotations

from datetime import date

import duckdb

from redeye.declarations.calendar import list_nights, shift_nights
from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import find_kind
from redeye.monitoring.logic.label_form import LabelForm

# More values than a class label ever has; the rest would only be listed.
VALUES = 60
WEEK = 7


def measure_form(con: duckdb.DuckDBPyConnection, spec: Spec, first: date, last: date) -> LabelForm:
    """The form on the nights `first` to `last`, read from a release that is attached as `warehouse`."""
    target, population = spec.target.column, spec.population
    # Of numbers there are new values every week.
    values = (
        f"list_sort(list(DISTINCT CAST({target} AS VARCHAR)) FILTER ({target} IS NOT NULL))[:{VALUES}]"
        if find_kind(spec).lists_outcomes
        else "[]::VARCHAR[]"
    )
    row = con.execute(
        f"SELECT any_value(typeof({target})), "
        f"{values}, "
        f"count(*), count({target}) FROM warehouse.{population.relation} "
        f"WHERE {population.night} BETWEEN ? AND ?",
        [first, last],
    ).fetchone()
    if row is None or not row[2]:
        return LabelForm("", (), 0, 0.0)
    return LabelForm(str(row[0]), tuple(row[1] or ()), int(row[2]), 1 - row[3] / row[2])


def highest_of_weeks(con: duckdb.DuckDBPyConnection, spec: Spec, first: date, last: date) -> LabelForm:
    """The form over a history; the share without a label is that of its worst week."""
    whole = measure_form(con, spec, first, last)
    night, target = spec.population.night, spec.target.column
    found = con.execute(
        f"SELECT {night}, count(*), count({target}) FROM warehouse.{spec.population.relation} "
        f"WHERE {night} BETWEEN ? AND ? GROUP BY ALL",
        [first, last],
    ).fetchall()
    counts = {night: (rows, labels) for night, rows, labels in found}
    begin, worst = min(shift_nights(first, WEEK - 1), last), 0.0
    for end in (night for night in counts if night >= begin):
        week = [counts[each] for each in list_nights(shift_nights(end, 1 - WEEK), end) if each in counts]
        rows, labels = (sum(numbers) for numbers in zip(*week, strict=True))
        worst = max(worst, 1 - labels / rows)
    return LabelForm(whole.type, whole.values, whole.rows, worst)
