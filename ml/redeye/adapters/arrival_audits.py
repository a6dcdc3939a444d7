"""What is computed of a delivery before its suites judge it: derived columns, and a profile by night.

`arrivals/<dataset>` judges rows, `arrivals/<dataset>_profile` judges nights. History is the text of
earlier accepted deliveries: with it a missing carrier, a day delivered twice or a shuffled column shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import pandas as pd

from redeye.adapters.suites import EXPECTATIONS_ROOT, load_suite
from redeye.core.arrivals.clocks import add_known_at_columns
from redeye.core.arrivals.dimensions import derive_airports
from redeye.core.arrivals.flights import derive_outcomes, derive_schedule
from redeye.core.arrivals.history import (
    NIGHTS_BACK,
    relate_flights,
    relate_outcomes_to_schedule,
    relate_schedules,
    relate_weather,
)
from redeye.core.arrivals.profiles import profile_outcomes, profile_schedule, profile_weather
from redeye.core.arrivals.weather import derive_weather
from redeye.core.typed_frames import parse_frame

Step = Callable[[pd.DataFrame], pd.DataFrame]

ARRIVALS = "arrivals/"
OUTCOMES, SCHEDULE, WEATHER = (f"{ARRIVALS}{name}" for name in ("outcomes", "schedule", "weather"))
PLACES = EXPECTATIONS_ROOT / "places.csv"
HISTORY_NIGHTS = NIGHTS_BACK
"""How many earlier nights of outcomes, schedules and weather a caller should pass as history."""

_PROFILES: Mapping[str, Step] = {
    OUTCOMES: profile_outcomes,
    SCHEDULE: profile_schedule,
    WEATHER: profile_weather,
}


@lru_cache(maxsize=1)
def places() -> pd.DataFrame:
    """The airports known to the audits: code, latitude, longitude, zone."""
    return pd.read_csv(PLACES, dtype={"code": str}, keep_default_na=False)


def derive_checks(suite: str) -> Step | None:
    """The function that adds a suite's derived columns to its typed frame; None if it has none."""
    steps: Mapping[str, Step] = {
        OUTCOMES: partial(derive_outcomes, places=places()),
        SCHEDULE: partial(derive_schedule, places=places()),
        WEATHER: derive_weather,
        f"{ARRIVALS}airports": partial(derive_airports, places=places()),
        f"{ARRIVALS}airlines": add_known_at_columns,
        f"{ARRIVALS}planes": add_known_at_columns,
    }
    return steps.get(suite)


def profile(dataset: str, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per night of a dataset's text frame, before it is related to other nights.

    Raises:
        KeyError: if the dataset has no profile: planes, airports and airlines have none.
    """
    return _PROFILES[f"{ARRIVALS}{dataset}"](_typed(f"{ARRIVALS}{dataset}", frame))


def profile_step(
    suite: str, judged: Mapping[str, pd.DataFrame], history: Mapping[str, pd.DataFrame]
) -> Step | None:
    """The function that makes a suite's related profile of its derived frame; None if it has none.

    Args:
        suite: name of the row suite.
        judged: text frames that are judged now, by row suite.
        history: text frames of earlier accepted nights, by row suite; may lack some or all.
    """
    if suite not in _PROFILES:
        return None
    return partial(_related_profile, suite=suite, judged=judged, history=history)


def _related_profile(
    frame: pd.DataFrame,
    *,
    suite: str,
    judged: Mapping[str, pd.DataFrame],
    history: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    profiles = _PROFILES[suite](frame)
    past = _typed(suite, history[suite]) if suite in history else None
    earlier = _PROFILES[suite](past) if past is not None else None
    if suite == WEATHER:
        return relate_weather(profiles, earlier)
    profiles = relate_flights(profiles, earlier)
    if suite == SCHEDULE:
        return relate_schedules(profiles, frame, past)
    known = [frames[SCHEDULE] for frames in (history, judged) if SCHEDULE in frames]
    if not known or not _is_readable(judged.get(SCHEDULE)):
        known = [history[SCHEDULE]] if SCHEDULE in history else []
    schedules = _typed(SCHEDULE, pd.concat(known, ignore_index=True)) if known else None
    nights = (
        {night.date() for night in schedules["night"].dropna().unique()} if schedules is not None else set()
    )
    return relate_outcomes_to_schedule(profiles, frame, schedules, nights)


def _is_readable(schedule: pd.DataFrame | None) -> bool:
    """Whether a schedule that is judged in the same audit has its columns, so that it can be compared with."""
    return schedule is None or list(schedule.columns) == list(load_suite(SCHEDULE).types)


def _typed(suite: str, frame: pd.DataFrame) -> pd.DataFrame:
    typed, _ = parse_frame(frame, load_suite(suite).types)
    derive = derive_checks(suite)
    return derive(typed) if derive else typed
