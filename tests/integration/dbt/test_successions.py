"""A code that another replaces keeps its history: features of the new holder are those of the old one.

The same flights are built twice: as they are, and with the carrier US called G4 from a night on, which is declared.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flights.nycflights13 import NycFlights13
from redeye.declarations.project import project
from redeye.declarations.successions import Succession
from redeye.review.generate import render_declared
from redeye.sources.logic.deliveries import Delivery
from redeye.warehouse import dbt, raw_tables

from .conftest import Warehouse  # noqa: TID252 - the tests are no package of their own

pytestmark = pytest.mark.integration
FIRST, LAST, CHANGE = date(2012, 12, 31), date(2013, 1, 5), date(2013, 1, 3)
OLD, NEW = "US", "G4"


def rename(delivery: Delivery) -> Delivery:
    """US as G4 in what is of days after the change."""
    if "carrier" not in delivery.frame.column_names or "day" not in delivery.frame.column_names:
        return delivery
    frame = delivery.frame
    days = pc.cast(frame["day"], pa.int64())
    of_new = pc.and_(pc.equal(frame["carrier"], OLD), pc.greater(days, CHANGE.day))
    of_new = pc.and_(of_new, pc.equal(frame["year"], "2013"))
    place = frame.column_names.index("carrier")
    return replace(
        delivery, frame=frame.set_column(place, "carrier", pc.if_else(of_new, NEW, frame["carrier"]))
    )


@pytest.fixture(scope="module")
def built(
    new_warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Warehouse, Warehouse]:
    """The warehouse of the flights as they are, and that of the renamed ones, night by night."""
    copy = tmp_path_factory.mktemp("project") / "dbt"
    shutil.copytree(dbt.PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    said = Succession(
        column="carrier", key="carrier_id", old=OLD, new=NEW, first_night=CHANGE, because="For this test."
    )
    (copy / "macros" / "declared.sql").write_text(
        render_declared(project().model_copy(update={"successions": (said,)}))
    )
    plain, renamed = new_warehouse("plain"), new_warehouse("renamed")
    deliveries = list(NycFlights13().fetch(FIRST, LAST))
    plain.load(deliveries)
    renamed.load(rename(delivery) for delivery in deliveries)
    plain.build(FIRST, LAST)
    for nights in range((LAST - FIRST).days + 1):
        night = FIRST + timedelta(days=nights)
        con = renamed.connect()
        raw_tables.set_build_window(con, night, night)
        con.close()
        dbt.build(
            attach=renamed.target,
            data_path=f"{renamed.folder / 'data'}/",
            target_dir=tmp_path_factory.getbasetemp() / "renamed-state",
            project=copy,
            is_tested=False,
        )
    return plain, renamed


TABLES = {
    "feat_carrier__delays": ("carrier_id", f"'{NEW}'", f"'{OLD}'"),
    "feat_flight_number__delays": ("flight_number_id", f"'{NEW}-196'", f"'{OLD}-196'"),
    "feat_carrier_origin_hour__delays": ("carrier_origin_hour_id", f"'{NEW}-EWR-06'", f"'{OLD}-EWR-06'"),
    "feat_flight_number__plane": ("flight_number_id", f"'{NEW}-196'", f"'{OLD}-196'"),
}


@pytest.mark.parametrize("table", TABLES)
def test_from_its_first_night_on_the_new_holder_has_the_features_of_the_old(
    table: str, built: tuple[Warehouse, Warehouse]
) -> None:
    plain, renamed = built
    key, new, old = TABLES[table]
    query = (
        f"SELECT * EXCLUDE ({key}) FROM warehouse.features.{table} "
        f"WHERE {key} = {{}} AND night >= '{CHANGE}' ORDER BY night"
    )
    as_before = plain.rows(query.format(old))
    assert as_before
    assert renamed.rows(query.format(new)) == as_before


def test_nights_before_it_are_those_of_the_old_holder(built: tuple[Warehouse, Warehouse]) -> None:
    plain, renamed = built
    query = f"SELECT * FROM warehouse.features.feat_carrier__delays WHERE night < '{CHANGE}' ORDER BY ALL"
    assert renamed.rows(query) == plain.rows(query)
