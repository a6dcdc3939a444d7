"""What is computed of a delivery before its suites judge it: derived columns, and a profile by night.

`arrivals/<dataset>` judges rows, `arrivals/<dataset>_profile` judges nights. History is the text of
earlier accepted deliveries: with it a missing carrier, a day delivered twice or a shuffled column shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial

import pandas as pd

from flights.arrivals.clocks import flight_dates
from flights.arrivals.dimensions import derive_airports, derive_planes
from flights.arrivals.flights import derive_outcomes, derive_schedule
from flights.arrivals.history import (
    NIGHTS_BACK,
    Compare,
    compare_flights,
    compare_weather,
    relate_nights,
    relate_outcomes_to_schedule,
    relate_schedules,
)
from flights.arrivals.profiles import (
    OUTCOME_IDENTITY,
    SCHEDULE_IDENTITY,
    WEATHER_IDENTITY,
    brief_flights,
    brief_weather,
    profile_outcomes,
    profile_schedule,
    profile_weather,
)
from flights.arrivals.weather import derive_weather
from redeye.audits.contract_files import ARRIVALS, EXPECTATIONS_ROOT
from redeye.audits.declared_checks import Step
from redeye.audits.logic.typed_frames import parse_frame
from redeye.audits.suite_files import load_suite

OUTCOMES, SCHEDULE, WEATHER = (f"{ARRIVALS}{name}" for name in ("outcomes", "schedule", "weather"))
PLACES = EXPECTATIONS_ROOT / "airport_places.csv"

# By suite: the profile of nights, the part of it that later nights are compared with, and how.
_NIGHTS: Mapping[str, tuple[Step, Step, Compare]] = {
    OUTCOMES: (profile_outcomes, partial(brief_flights, identity=OUTCOME_IDENTITY), compare_flights),
    SCHEDULE: (profile_schedule, partial(brief_flights, identity=SCHEDULE_IDENTITY), compare_flights),
    WEATHER: (profile_weather, brief_weather, compare_weather),
}
_DATED = ("night", "year", "month", "day", "carrier", "flight", "origin", "dest", "sched_dep_time")
COMPARED: Mapping[str, tuple[str, ...]] = {
    OUTCOMES: tuple(dict.fromkeys((*_DATED, *OUTCOME_IDENTITY))),
    SCHEDULE: tuple(dict.fromkeys((*_DATED, *SCHEDULE_IDENTITY))),
    WEATHER: ("night", *WEATHER_IDENTITY),
}


@lru_cache(maxsize=1)
def places() -> pd.DataFrame:
    """The airports known to the audits: code, latitude, longitude, zone."""
    return pd.read_csv(PLACES, dtype={"code": str}, keep_default_na=False)


class ArrivalAudits:
    """The `ArrivalChecks` of flights: outcomes, schedules, weather, and what they refer to."""

    history_nights = NIGHTS_BACK

    def derive_step(self, suite: str) -> Step | None:
        """The function that adds a suite's derived columns to its typed frame; None if it has none."""
        steps: Mapping[str, Step] = {
            OUTCOMES: partial(derive_outcomes, places=places()),
            SCHEDULE: partial(derive_schedule, places=places()),
            WEATHER: derive_weather,
            f"{ARRIVALS}airports": partial(derive_airports, places=places()),
            f"{ARRIVALS}planes": derive_planes,
        }
        return steps.get(suite)

    def profile_step(
        self, suite: str, judged: Mapping[str, pd.DataFrame], history: Mapping[str, pd.DataFrame]
    ) -> Step | None:
        """The function that makes a suite's profile, related to history and schedule; None if it has none."""
        known = suite in _NIGHTS
        return partial(_relate_profile, suite=suite, judged=judged, history=history) if known else None


def _relate_profile(
    frame: pd.DataFrame,
    *,
    suite: str,
    judged: Mapping[str, pd.DataFrame],
    history: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    profile, brief, compare = _NIGHTS[suite]
    past = _read(suite, history[suite]) if suite in history else None
    profiles = relate_nights(profile(frame), brief(past) if past is not None else None, compare)
    if suite == WEATHER:
        return profiles
    if suite == SCHEDULE:
        return relate_schedules(profiles, frame, past, places())
    known = [history[SCHEDULE]] if SCHEDULE in history else []
    if SCHEDULE in judged and list(judged[SCHEDULE].columns) == list(load_suite(SCHEDULE).types):
        known.append(judged[SCHEDULE])
    schedules = _read(SCHEDULE, pd.concat(known, ignore_index=True)) if known else None
    return relate_outcomes_to_schedule(profiles, frame, schedules, places())


def _read(suite: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that nights are compared by, typed."""
    types = load_suite(suite).types
    wanted = [column for column in COMPARED[suite] if column in frame.columns]
    typed, _ = parse_frame(frame[wanted], {column: types[column] for column in wanted})
    return typed if suite == WEATHER else typed.assign(flight_date=flight_dates(typed))
