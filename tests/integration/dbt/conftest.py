"""A warehouse of its own for each test: a lake whose catalog is a file, and raw tables of chosen deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from flights.nycflights13 import NycFlights13
from redeye.declarations.calendar import cutoff
from redeye.sources.logic.deliveries import Delivery, find_dataset
from redeye.warehouse import dbt, lake, raw_tables
from redeye.warehouse.dbt import DbtResult

SOURCE = NycFlights13()


@dataclass
class Warehouse:
    """A lake in a folder, built by dbt; connections are opened for each act, as dbt holds its own."""

    folder: Path
    state: Path
    target: str = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.target = f"ducklake:{self.folder / 'catalog.ducklake'}"
        con = self.connect()
        raw_tables.create_tables(con, SOURCE)
        raw_tables.add_holidays(con, SOURCE.first_night, SOURCE.final_night)
        con.close()

    def connect(self) -> duckdb.DuckDBPyConnection:
        con = lake.connect()
        path = f"DATA_PATH '{self.folder / 'data'}/', OVERRIDE_DATA_PATH true"
        con.execute(f"ATTACH '{self.target}' AS warehouse ({path})")
        return con

    def load(
        self, deliveries: Iterable[Delivery], *, arrival_night: date | None = None, is_late: bool = True
    ) -> None:
        """Append deliveries to the raw tables, as `redeye.warehouse.raw_tables` does from landed files.

        What arrives with a later night came late, or in time for a night that was left out.
        """
        con = self.connect()
        for delivery in deliveries:
            if delivery.frame.num_rows == 0:
                continue
            dataset = find_dataset(SOURCE, delivery.dataset)
            arrived = arrival_night or delivery.night
            con.register("delivered", delivery.frame)
            columns = [f'CAST(nullif("{c}", \'NA\') AS {t}) AS "{c}"' for c, t in _in_order(dataset)]
            if arrived > delivery.night and is_late:
                columns[-1] = f"TIMESTAMP '{cutoff(arrived).replace(tzinfo=None)}' AS known_at"
            con.execute(
                f"INSERT INTO warehouse.raw.{raw_tables.table_name(SOURCE, dataset)} "
                f"SELECT {', '.join(columns)}, DATE '{delivery.night}', DATE '{arrived}', '{arrived}' FROM delivered"
            )
        con.close()

    def build(
        self, first: date, last: date, *, select: Sequence[str] = (), project: Path = dbt.PROJECT
    ) -> DbtResult:
        con = self.connect()
        raw_tables.set_build_window(con, first, last)
        con.close()
        return dbt.build(
            attach=self.target,
            data_path=f"{self.folder / 'data'}/",
            target_dir=self.state,
            select=select,
            project=project,
        )

    def rows(self, query: str) -> list[tuple[object, ...]]:
        con = self.connect()
        try:
            return con.execute(query).fetchall()
        finally:
            con.close()

    def tables(self) -> list[str]:
        """Every table that dbt keeps, as `schema.name`."""
        found = self.rows(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_catalog = 'warehouse' "
            "AND table_type = 'BASE TABLE' AND table_schema <> 'raw' ORDER BY ALL"
        )
        return [str(name) for (name,) in found]

    def frames(self, where: str = "true") -> dict[str, pa.Table]:
        """Rows of every table of the layers that fulfil a condition, in a fixed order, by `schema.name`."""
        names = self.tables()
        con = self.connect()
        try:
            return {
                name: con.execute(
                    f"SELECT * FROM warehouse.{name} WHERE {where} ORDER BY ALL"
                ).to_arrow_table()
                for name in names
            }
        finally:
            con.close()


def _in_order(dataset: object) -> list[tuple[str, str]]:
    return [(name, dataset.types[name]) for name in dataset.columns]  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def dbt_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of dbt, shared so that the project is parsed once."""
    return tmp_path_factory.mktemp("dbt-state")


@pytest.fixture(scope="session")
def new_warehouse(dbt_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Warehouse]:
    """Makes an empty warehouse."""
    return lambda name: Warehouse(tmp_path_factory.mktemp(name), dbt_state)
