"""The label's form as a release has it: type, values, and the week with the fewest labels."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from redeye.monitoring.label_form_store import highest_of_weeks, measure_form
from redeye.monitoring.logic.label_form import LabelForm

FIRST, WEEK, LAST = date(2013, 1, 1), date(2013, 1, 7), date(2013, 1, 20)
SPEC: Any = SimpleNamespace(
    target=SimpleNamespace(column="is_late"),
    behaviour="redeye.models.kinds.binary:Binary",
    population=SimpleNamespace(relation="marts.flights", night="night"),
)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Twenty nights of 100 flights: a tenth without a label, on the ninth night half of them."""
    made = duckdb.connect()
    made.execute("ATTACH ':memory:' AS warehouse")
    made.execute("CREATE SCHEMA warehouse.marts")
    made.execute(
        "CREATE TABLE warehouse.marts.flights AS SELECT date '2013-01-01' + (n // 100)::INTEGER AS night, "
        "CASE WHEN n % 10 = 0 OR (n // 100 = 8 AND n % 2 = 0) THEN NULL ELSE n % 3 = 0 END AS is_late "
        "FROM range(2000) AS numbers(n)"
    )
    return made


def test_a_week_s_form(con: duckdb.DuckDBPyConnection) -> None:
    found = measure_form(con, SPEC, FIRST, WEEK)
    assert (found.type, found.values, found.rows) == ("BOOLEAN", ("false", "true"), 700)
    assert found.empty_share == pytest.approx(0.1)


def test_a_history_s_form_has_the_share_of_its_worst_week(con: duckdb.DuckDBPyConnection) -> None:
    found = highest_of_weeks(con, SPEC, FIRST, LAST)
    assert found.rows == 2000
    assert found.empty_share == pytest.approx((6 * 10 + 50) / 700)


def test_without_rows_there_is_no_form(con: duckdb.DuckDBPyConnection) -> None:
    assert measure_form(con, SPEC, date(2012, 1, 1), date(2012, 1, 7)) == LabelForm("", (), 0, 0.0)


def test_text_in_place_of_truth_is_another_type(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "ALTER TABLE warehouse.marts.flights ALTER is_late TYPE VARCHAR USING if(is_late, 'yes', 'no')"
    )
    found = measure_form(con, SPEC, FIRST, WEEK)
    assert (found.type, found.values) == ("VARCHAR", ("no", "yes"))


def test_of_numbers_no_values_are_listed(con):
    """A week of them always has new ones."""
    numbers: Any = SimpleNamespace(**{**vars(SPEC), "behaviour": "redeye.models.kinds.regression:Regression"})
    assert measure_form(con, numbers, FIRST, WEEK).values == ()


def test_every_class_is_listed_and_so_is_a_new_one(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER TABLE warehouse.marts.flights ADD COLUMN fate VARCHAR")
    con.execute("UPDATE warehouse.marts.flights SET fate = 'class ' || (rowid % 12 + 10)")
    target = SimpleNamespace(column="fate", classes=tuple(f"class {place}" for place in range(10, 21)))
    classes: Any = SimpleNamespace(
        target=target, behaviour="redeye.models.kinds.multiclass:Multiclass", population=SPEC.population
    )
    found = measure_form(con, classes, FIRST, LAST)
    assert found.values == (*target.classes, "class 21")
