"""A release built by dbt from the Bureau's files, a training on it, and what such a source may not do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pytest

from redeye.foundation.errors import ConfigError
from redeye.operations import build_nights
from redeye.scoring import score
from redeye.sources import delivery_store, ingest
from redeye.warehouse import build, lake, release_store
from redeye.warehouse.logic.releases import Release

from .layout import file_name, month, write  # noqa: TID252 - the tests are no package

pytestmark = pytest.mark.integration

FIRST, LAST = date(2012, 12, 31), date(2013, 1, 6)


@pytest.fixture(scope="module")
def release(
    install: Callable[..., AbstractContextManager[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    folder = tmp_path_factory.mktemp("bts")
    write(folder / file_name(2013, 1), month(2013, 1))
    chosen = {"REDEYE_SOURCE": "flights.bts:Bts", "REDEYE_BTS_FOLDER": str(folder)}
    os.environ.update(chosen)
    try:
        with install(tmp_path_factory.mktemp("redeye-bts")):
            ingest.ingest_nights(FIRST, LAST)
            build.publish(build_nights.transform(FIRST, LAST, holder="test", kind="history"))
            made = release_store.latest_release()
            assert made is not None
            yield made
    finally:
        for name in chosen:
            os.environ.pop(name, None)


def test_the_release_holds_the_flights_of_the_files(release):
    con = lake.connect_at(release.snapshot_id)
    try:
        known = con.execute(
            "SELECT flight_date, count(*), count(*) FILTER (WHERE is_late) FROM warehouse.marts.fct_flights "
            "WHERE outcome_night IS NOT NULL GROUP BY ALL ORDER BY 1"
        ).fetchall()
        tables = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name = 'raw'"
        ).fetchall()
    finally:
        con.close()
    counted: dict[date, list[int]] = {}
    for row in month(2013, 1, days=5)[1:]:
        day = counted.setdefault(date.fromisoformat(row["FlightDate"]), [0, 0])
        day[0] += 1
        day[1] += row["ArrDel15"] == "1.00"
    assert [(day, *numbers) for day, numbers in sorted(counted.items())] == known[:5]
    assert {name for (name,) in tables} >= {"nycflights13__outcomes", "nycflights13__schedule"}


def test_where_it_came_from_stands_in_the_ledger(release):
    refs = delivery_store.deliveries(FIRST, LAST)
    assert {ref.source for ref in refs} == {"bts"}
    assert all(ref.is_stated_empty for ref in refs if ref.dataset == "weather")
    assert release.kind == "history"


def test_weather_is_unknown_in_every_feature(release):
    con = lake.connect_at(release.snapshot_id)
    try:
        found = con.execute(
            "SELECT max(weather_hours), count(temperature_f), count(*) > 0 FROM warehouse.features.feat_origin__weather"
        ).fetchone()
    finally:
        con.close()
    assert found == (0, 0, True)


def test_a_model_can_be_trained_on_it(release):
    from redeye.promotion.train import train_night

    trained = train_night("flight_delay", LAST, run_id="test", actor="test", reason="history")
    assert trained.champion_version == 1


def test_no_night_is_built_on_time(release):
    with pytest.raises(ConfigError, match=r"bts delivers weeks late.*build_history.*first=2013-01-07"):
        build_nights.transform(date(2013, 1, 7), date(2013, 1, 7), holder="test", kind="nightly")


def test_no_coming_day_is_predicted(release):
    with pytest.raises(ConfigError, match="bts delivers weeks late: it serves history and training"):
        score.score_night("flight_delay", LAST, run_id="test")


def test_its_calendar_cannot_be_shifted(release, monkeypatch):
    from redeye.foundation.settings import settings
    from redeye.sources.configured_source import load_source

    monkeypatch.setenv("REDEYE_SHIFT_WEEKS", "10")
    settings.cache_clear()
    try:
        with pytest.raises(ConfigError, match="REDEYE_SHIFT_WEEKS=10, but the source bts cannot be shifted"):
            load_source()
    finally:
        monkeypatch.undo()
        settings.cache_clear()
