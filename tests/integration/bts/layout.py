"""Writes files in the layout of the Bureau's monthly ZIP files, from the flights of the embedded source.

That package was cut from such files, so what the reader makes of them is known row by row.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from flights.bts import PREFIX
from flights.nycflights13 import _file

_DIVERSIONS = [
    f"Div{n}{part}"
    for n in range(1, 6)
    for part in (
        *("Airport", "AirportID", "AirportSeqID", "WheelsOn", "TotalGTime", "LongestGTime"),
        *("WheelsOff", "TailNum"),
    )
]
_PLACE = (
    "AirportID",
    "AirportSeqID",
    "CityMarketID",
    "",
    "CityName",
    "State",
    "StateFips",
    "StateName",
    "Wac",
)
HEADER = (
    *("Year", "Quarter", "Month", "DayofMonth", "DayOfWeek", "FlightDate", "Reporting_Airline"),
    *("DOT_ID_Reporting_Airline", "IATA_CODE_Reporting_Airline", "Tail_Number"),
    "Flight_Number_Reporting_Airline",
    *(f"Origin{part}" for part in _PLACE),
    *(f"Dest{part}" for part in _PLACE),
    *(
        "CRSDepTime",
        "DepTime",
        "DepDelay",
        "DepDelayMinutes",
        "DepDel15",
        "DepartureDelayGroups",
        "DepTimeBlk",
    ),
    *("TaxiOut", "WheelsOff", "WheelsOn", "TaxiIn"),
    *("CRSArrTime", "ArrTime", "ArrDelay", "ArrDelayMinutes", "ArrDel15", "ArrivalDelayGroups", "ArrTimeBlk"),
    *(
        "Cancelled",
        "CancellationCode",
        "Diverted",
        "CRSElapsedTime",
        "ActualElapsedTime",
        "AirTime",
        "Flights",
    ),
    *("Distance", "DistanceGroup", "CarrierDelay", "WeatherDelay", "NASDelay", "SecurityDelay"),
    *("LateAircraftDelay", "FirstDepTime", "TotalAddGTime", "LongestAddGTime", "DivAirportLandings"),
    *("DivReachedDest", "DivActualElapsedTime", "DivArrDelay", "DivDistance"),
    *_DIVERSIONS,
)
QUOTED = {
    *("Reporting_Airline", "IATA_CODE_Reporting_Airline", "Tail_Number", "Flight_Number_Reporting_Airline"),
    *("Origin", "OriginCityName", "Dest", "DestCityName", "CRSDepTime", "DepTime", "CRSArrTime", "ArrTime"),
    "CancellationCode",
}
Row = Mapping[str, str]


def file_name(year: int, month: int) -> str:
    """As the file is downloaded."""
    return f"{PREFIX}{year}_{month}.zip"


def write(path: Path, rows: Iterable[Row], *, header: Iterable[str] = HEADER) -> Path:
    """A ZIP with one CSV, quoted as the Bureau's, and with the comma behind the last column."""
    names = list(header)
    lines = [",".join(f'"{name}"' for name in names) + ","]
    for row in rows:
        values = (f'"{row.get(n, "")}"' if n in QUOTED else row.get(n, "") for n in names)
        lines.append(",".join(values) + ",")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(path.with_suffix(".csv").name, ("\r\n".join(lines) + "\r\n").encode("latin-1"))
        archive.writestr("readme.html", "<html></html>")
    return path


def month(year: int, number: int, *, days: int = 31) -> list[dict[str, str]]:
    """The embedded source's flights of the first days of a month, as the Bureau writes them."""
    flights = _file("flights.csv.zip").to_pylist()
    wanted = [
        f for f in flights if (f["year"], f["month"]) == (str(year), str(number)) and int(f["day"]) <= days
    ]
    elsewhere = as_published({**wanted[0], "origin": "ORD", "dest": "MQT"})
    return [elsewhere, *(as_published(flight) for flight in wanted)]


def as_published(flight: Row) -> dict[str, str]:
    """One flight in the Bureau's columns."""
    day = date(int(flight["year"]), int(flight["month"]), int(flight["day"]))
    is_cancelled, is_diverted = (
        flight["dep_time"] == "NA",
        flight["dep_time"] != "NA" and flight["arr_delay"] == "NA",
    )
    return {
        "Year": flight["year"],
        "Quarter": str((day.month + 2) // 3),
        "Month": flight["month"],
        "DayofMonth": flight["day"],
        "DayOfWeek": str(day.isoweekday()),
        "FlightDate": day.isoformat(),
        "Reporting_Airline": flight["carrier"],
        "Tail_Number": _text(flight["tailnum"]),
        "Flight_Number_Reporting_Airline": flight["flight"],
        "Origin": flight["origin"],
        "OriginCityName": "New York, NY",
        "Dest": flight["dest"],
        "DestCityName": "San Jos\u00e9, PR",
        "CRSDepTime": _clock(flight["sched_dep_time"]),
        "DepTime": _clock(flight["dep_time"]),
        "DepDelay": _number(flight["dep_delay"]),
        "CRSArrTime": _clock(flight["sched_arr_time"]),
        "ArrTime": _clock(flight["arr_time"]),
        "ArrDelay": _number(flight["arr_delay"]),
        "ArrDel15": "" if flight["arr_delay"] == "NA" else f"{int(int(flight['arr_delay']) >= 15)}.00",
        "Cancelled": f"{int(is_cancelled)}.00",
        "CancellationCode": "B" if is_cancelled else "",
        "Diverted": f"{int(is_diverted)}.00",
        "AirTime": _number(flight["air_time"]),
        "Flights": "1.00",
        "Distance": _number(flight["distance"]),
        "DivAirportLandings": "0",
        "DivReachedDest": f"{int(flight['arr_time'] != 'NA')}.00" if is_diverted else "",
    }


def _text(value: str) -> str:
    return "" if value == "NA" else value


def _clock(value: str) -> str:
    return "" if value == "NA" else value.zfill(4)


def _number(value: str) -> str:
    return "" if value == "NA" else f"{int(value)}.00"
