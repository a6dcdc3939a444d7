"""Nights built one by one and built in bulk give the same warehouse, row for row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from flights.nycflights13 import NycFlights13
from redeye.sources.logic.deliveries import Delivery
from redeye.warehouse import dbt
from redeye.warehouse.dbt import DbtError

pytestmark = pytest.mark.integration
Warehouse = Any  # the class in conftest.py
SOURCE = NycFlights13()
# A snow storm, and the night that had 23 hours.
FIRST, SECOND, THIRD, LAST = (date(2013, 3, day) for day in (7, 8, 9, 10))


def _restated(delivery: Delivery) -> Delivery:
    """Every fifth flight that arrived did so 40 minutes later; every seventh was cancelled after all."""
    columns = {name: delivery.frame.column(name).to_pylist() for name in delivery.frame.column_names}
    for row, delay in enumerate(columns["arr_delay"]):
        if delay != "NA" and row % 5 == 0:
            columns["arr_delay"][row] = str(int(delay) + 40)
        elif delay != "NA" and row % 7 == 0:
            for name in ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"):
                columns[name][row] = "NA"
    return replace(delivery, frame=pa.table({name: pa.array(v, pa.string()) for name, v in columns.items()}))


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[str], Warehouse]) -> Callable[[str], Warehouse]:
    """Makes warehouses with the same raw rows: four nights, a late delivery and a restatement."""
    deliveries = [*SOURCE.fetch(SOURCE.first_night, SOURCE.first_night), *SOURCE.fetch(FIRST, LAST)]
    # The schedule before the first night, so that its flights' outcomes belong to something.
    earlier = [
        d for n in (5, 6) for d in SOURCE.fetch(date(2013, 3, n), date(2013, 3, n)) if d.dataset == "schedule"
    ]
    late = [d for d in deliveries if d.dataset == "weather" and d.night == SECOND]
    in_time = [d for d in deliveries if d not in late]
    restated = [_restated(d) for d in in_time if d.dataset == "outcomes" and d.night == SECOND]

    def make(name: str) -> Warehouse:
        made = new_warehouse(name)
        made.load(in_time)
        made.load(earlier, arrival_night=FIRST, is_late=False)
        made.load(late, arrival_night=THIRD)
        made.load(restated, arrival_night=LAST)
        return made

    return make


@pytest.fixture(scope="module")
def single(warehouse: Callable[[str], Warehouse]) -> tuple[Warehouse, dict[str, pa.Table]]:
    """The first two nights in bulk, the others one by one; with the features as they were before the restatement."""
    made = warehouse("single")
    made.build(FIRST, SECOND)
    made.build(THIRD, THIRD)
    before = {name: rows for name, rows in made.frames().items() if name.startswith("features.")}
    made.build(LAST, LAST)
    return made, before


@pytest.fixture(scope="module")
def bulk(warehouse: Callable[[str], Warehouse]) -> Warehouse:
    made = warehouse("bulk")
    made.build(FIRST, LAST)
    return made


def test_every_table_is_the_same_row_for_row(
    single: tuple[Warehouse, dict[str, pa.Table]], bulk: Warehouse
) -> None:
    nightly, _ = single
    found, expected = nightly.frames(), bulk.frames()
    assert len(expected) == 17
    assert found.keys() == expected.keys()
    assert [name for name, rows in expected.items() if rows.num_rows == 0] == []
    assert [name for name, rows in expected.items() if not found[name].equals(rows)] == []


def test_a_restatement_alters_no_earlier_feature_row(single: tuple[Warehouse, dict[str, pa.Table]]) -> None:
    nightly, before = single
    assert len(before) == 12
    now = nightly.frames(f"night < DATE '{LAST}'")
    assert [name for name, rows in before.items() if not now[name].equals(rows)] == []


def test_a_view_is_made_once_and_again_where_it_is_not_as_its_model_says(
    single: tuple[Warehouse, dict[str, pa.Table]],
) -> None:
    nightly, _ = single
    made = "SELECT view_name, count(*) FROM __ducklake_metadata_warehouse.ducklake_view GROUP BY ALL"
    views = dict(nightly.rows(made))
    assert len(views) > 10
    assert set(views.values()) == {1}
    airports = "FROM warehouse.marts.dim_airports ORDER BY ALL"
    before, con = nightly.rows(airports), nightly.connect()
    con.execute("CREATE OR REPLACE VIEW warehouse.marts.dim_airports AS SELECT 1 AS one")
    con.execute("DROP VIEW warehouse.marts.dim_carriers")
    con.close()
    nightly.build(LAST, LAST, select=["dim_airports", "dim_carriers"])
    assert nightly.rows(airports) == before
    again = {name: count for name, count in dict(nightly.rows(made)).items() if count != views[name]}
    assert again == {"dim_airports": 3, "dim_carriers": 2}


def test_a_restatement_counts_from_the_night_it_arrived(bulk: Warehouse) -> None:
    restated = "SELECT count(*) FROM warehouse.marts.fct_flights WHERE outcome_version = 2"
    assert bulk.rows(f"{restated} AND outcome_night = '{LAST}'")[0][0] > 100
    # What all nights add up to is what the flights say now.
    late = "FROM warehouse.features.feat_origin__delays WHERE night"
    (total,) = bulk.rows(f"SELECT sum(late_flights_all) {late} = '{LAST}'")
    (flights,) = bulk.rows("SELECT count(*) FILTER (is_late) FROM warehouse.marts.fct_flights")
    assert total == flights
    (as_known_then,) = bulk.rows(f"SELECT sum(late_flights_7n) {late} = '{THIRD}'")
    (versions,) = bulk.rows(
        "SELECT count(*) FILTER (arrival_delay_minutes >= 15) FROM warehouse.intermediate.int_outcomes__versioned "
        f"WHERE version = 1 AND night <= '{THIRD}'"
    )
    assert as_known_then == versions


def test_weather_that_came_late_is_in_the_facts_and_in_no_feature(bulk: Warehouse) -> None:
    observed = f"SELECT count(*) FROM warehouse.marts.fct_weather_hours WHERE night = '{SECOND}'"
    assert bulk.rows(observed)[0][0] > 60
    hours = (
        f"SELECT DISTINCT weather_hours FROM warehouse.features.feat_origin__weather WHERE night = '{SECOND}'"
    )
    assert bulk.rows(hours) == [(0,)]


def test_an_outcome_that_no_schedule_knows_fails_the_build(warehouse: Callable[[str], Warehouse]) -> None:
    made = warehouse("unknown")
    con = made.connect()
    con.execute(
        "INSERT INTO warehouse.raw.nycflights13__outcomes SELECT * REPLACE (9999 AS flight) "
        f"FROM warehouse.raw.nycflights13__outcomes WHERE night = '{FIRST}' LIMIT 1"
    )
    con.close()
    with pytest.raises(DbtError, match=r"outcomes_stand_in_flights: Got 1 result"):
        made.build(FIRST, FIRST, select=["+outcomes_stand_in_flights"])


def test_the_models_meet_their_unit_tests(bulk: Warehouse) -> None:
    result = dbt.run_unit_tests(
        attach=bulk.target, data_path=f"{bulk.folder / 'data'}/", target_dir=bulk.state
    )
    assert len(result.nodes) >= 9


def test_the_docs_are_one_page_made_offline(bulk: Warehouse) -> None:
    page = dbt.docs(attach=bulk.target, data_path=f"{bulk.folder / 'data'}/", target_dir=bulk.state)
    assert "feat_carrier_origin_hour__delays" in page.read_text()
