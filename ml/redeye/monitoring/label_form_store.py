"""The form of the label's column in a release: type, values, and how many rows have none."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb

from redeye.declarations.specs import Spec
from redeye.monitoring.logic.label_form import LabelForm

# More values than a class label ever has; the rest would only be listed.
VALUES = 8


def measure_form(con: duckdb.DuckDBPyConnection, spec: Spec, first: date, last: date) -> LabelForm:
    """The form on the nights `first` to `last`, read from a release that is attached as `warehouse`."""
    target, population = spec.target.column, spec.population
    row = con.execute(
        f"SELECT any_value(typeof({target})), "
        f"list_sort(list(DISTINCT CAST({target} AS VARCHAR)) FILTER ({target} IS NOT NULL))[:{VALUES}], "
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
    row = con.execute(
        f"WITH nights AS (SELECT {night} AS night, count(*) AS rows, count({target}) AS labels "
        f"FROM warehouse.{spec.population.relation} WHERE {night} BETWEEN ? AND ? GROUP BY ALL), "
        "weeks AS (SELECT night, sum(rows) OVER week AS rows, sum(labels) OVER week AS labels FROM nights "
        "WINDOW week AS (ORDER BY night RANGE BETWEEN INTERVAL 6 DAYS PRECEDING AND CURRENT ROW)) "
        "SELECT max(1 - labels / rows) FROM weeks WHERE night >= ?",
        [first, last, min(first + timedelta(days=6), last)],
    ).fetchone()
    worst = float(row[0]) if row is not None and row[0] is not None else 0.0
    return LabelForm(whole.type, whole.values, whole.rows, worst)
