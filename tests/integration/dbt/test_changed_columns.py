"""A table takes the columns and types of its model, and no value of an earlier night is rounded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from flights.nycflights13 import NycFlights13
from redeye.warehouse import dbt
from redeye.warehouse.dbt import DbtError

from .conftest import Warehouse  # noqa: TID252 - the tests are no package of their own

pytestmark = pytest.mark.integration
FIRST, SECOND, THIRD = (date(2013, 1, day) for day in (1, 2, 3))
MODEL, TABLE = "feat_origin__evening", "warehouse.features.feat_origin__evening"
MEAN = "{{ ratio('state.departure_delay_minutes', 'state.departed_flights') }}"
FLIGHTS = "coalesce(state.flights, 0)::bigint as evening_flights"


@pytest.fixture(scope="module")
def built(new_warehouse: Callable[[str], Warehouse]) -> Warehouse:
    """Nights up to the second of the model, and up to the third of all that it reads."""
    made = new_warehouse("columns")
    source = NycFlights13()
    made.load([*source.fetch(source.first_night, source.first_night), *source.fetch(FIRST, THIRD)])
    made.build(source.first_night, THIRD)
    con = made.connect()
    con.execute(f"DELETE FROM {TABLE} WHERE night = DATE '{THIRD}'")
    con.close()
    return made


@pytest.fixture
def warehouse(built: Warehouse, tmp_path: Path) -> Warehouse:
    """A copy of it, for one test."""
    shutil.copytree(built.folder, tmp_path / "lake")
    copied = object.__new__(Warehouse)
    copied.folder, copied.state = tmp_path / "lake", tmp_path / "state"
    copied.target = f"ducklake:{copied.folder / 'catalog.ducklake'}"
    return copied


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(dbt.PROJECT, tmp_path / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    )


def edit(project: Path, sql: tuple[str, str], declared: tuple[str, str]) -> None:
    path = project / "models" / "features" / f"{MODEL}.sql"
    for file, (old, new) in ((path, sql), (path.with_suffix(".yml"), declared)):
        text = file.read_text()
        assert text.count(old) == 1
        file.write_text(text.replace(old, new))


def make_mean_whole(project: Path) -> None:
    name = "evening_mean_departure_delay_minutes"
    edit(
        project,
        (f"{MEAN} as {name}", f"round({MEAN})::bigint as {name}"),
        (f"{name}, data_type: double", f"{name}, data_type: bigint"),
    )


def types(warehouse: Warehouse) -> dict[object, object]:
    return {
        row[0]: row[1] for row in warehouse.rows(f"SELECT column_name, column_type FROM (DESCRIBE {TABLE})")
    }


def values(warehouse: Warehouse, column: str, *, where: str = "true", at: str = "") -> list[object]:
    rows = warehouse.rows(f"SELECT {column} FROM {TABLE} {at} WHERE {where} ORDER BY night, origin_id")
    return [value for (value,) in rows]


def test_a_night_refuses_a_type_that_cannot_hold_an_earlier_value(
    warehouse: Warehouse, project: Path
) -> None:
    name = "evening_mean_departure_delay_minutes"
    before = values(warehouse, name)
    make_mean_whole(project)
    with pytest.raises(DbtError) as refusal:
        warehouse.build(THIRD, THIRD, select=[MODEL], project=project)
    assert f"features.{MODEL}.{name} is DOUBLE in the table and BIGINT by the model" in str(refusal.value)
    assert "`redeye rebuild 2012-12-31" in str(refusal.value)
    assert types(warehouse)[name] == "DOUBLE"
    assert values(warehouse, name) == before


def test_a_rebuild_of_all_nights_gives_the_declared_type_and_snapshots_of_before_keep_theirs(
    warehouse: Warehouse, project: Path
) -> None:
    name = "evening_mean_departure_delay_minutes"
    before, columns = values(warehouse, name), list(types(warehouse))
    ((snapshot,),) = warehouse.rows("SELECT max(snapshot_id) FROM ducklake_snapshots('warehouse')")
    make_mean_whole(project)
    warehouse.build(date(2012, 12, 31), THIRD, select=[MODEL], project=project)
    assert types(warehouse)[name] == "BIGINT"
    assert list(types(warehouse)) == columns
    assert values(warehouse, name, where=f"night < DATE '{THIRD}'") == [
        None if value is None else round(value)  # type: ignore[call-overload]
        for value in before
    ]
    assert values(warehouse, name, at=f"AT (VERSION => {snapshot})") == before


def test_a_night_gives_a_column_a_type_that_holds_every_earlier_value(
    warehouse: Warehouse, project: Path
) -> None:
    before = values(warehouse, "evening_flights")
    edit(
        project,
        (FLIGHTS, "(coalesce(state.flights, 0) / 7.0)::double as evening_flights"),
        ("evening_flights, data_type: bigint", "evening_flights, data_type: double"),
    )
    warehouse.build(THIRD, THIRD, select=[MODEL], project=project)
    assert types(warehouse)["evening_flights"] == "DOUBLE"
    assert values(warehouse, "evening_flights", where=f"night < DATE '{THIRD}'") == before
    added = values(warehouse, "evening_flights", where=f"night = DATE '{THIRD}'")
    assert any(value != int(value) for value in added)  # type: ignore[call-overload]


def test_a_column_that_the_model_has_no_more_leaves_the_table_with_the_next_night(
    warehouse: Warehouse, project: Path
) -> None:
    ((snapshot,),) = warehouse.rows("SELECT max(snapshot_id) FROM ducklake_snapshots('warehouse')")
    before, kept = values(warehouse, "evening_flights"), values(warehouse, "evening_cancelled_rate")
    path = project / "models" / "features" / f"{MODEL}.yml"
    start = path.read_text().index("      - {name: evening_flights")
    entry = path.read_text()[start : path.read_text().index("      - {name: evening_late_departure_rate")]
    edit(project, (f"    {FLIGHTS},\n", ""), (entry, ""))
    warehouse.build(THIRD, THIRD, select=[MODEL], project=project)
    assert "evening_flights" not in types(warehouse)
    assert values(warehouse, "evening_cancelled_rate", where=f"night < DATE '{THIRD}'") == kept
    assert values(warehouse, "evening_flights", at=f"AT (VERSION => {snapshot})") == before
