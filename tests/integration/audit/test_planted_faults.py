"""Stale, shifted, swapped and zero readings, old schedules and odd volumes are refused by the rules made for them.

Real nights, faults with seeds. How often each kind is found over many nights: `docs/results/arrival-checks.md`.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from flights.planted_faults import planted_faults
from redeye.audits.audit import audit_many

from .real_deliveries import Frames, delivered, of_nights  # noqa: TID252 - the tests are no package of their own

NIGHT = date(2013, 10, 7)  # rain at all three stations
FOUND_BY = {
    "yesterday's readings with new dates, one value changed": "repeated_cell_share",
    "yesterday's readings with new dates, a tenth of them changed": "repeated_cell_share",
    "last week's readings with new dates, one value changed": "repeated_cell_share",
    "half of the hours are yesterday's": "repeated_row_share",
    "readings 1 hour late": "repeated_row_share",
    "readings 2 or 3 hours late": "stale_stations",
    "readings 4 to 12 hours late": "stale_quantities",
    "readings of one station 2 to 12 hours late": "stale_stations",
    "hours turned in a ring by 1 to 12": "turned_gain",
    "hours of one station turned in a ring by 3 to 12": "turned_gain_of_one_station",
    "two stations swapped": "swapped_gain",
    "one station frozen for 4 to 12 hours": "repeated_row_share",
    "visibility 0": "visib_zeros_beyond_usual",
    "visibility of one station 0": "visib_zeros_apart",
    "wind of one station 0": "wind_zeros_apart",
    "humidity and dew point of one station missing": "dewp_nulls_beyond_usual",
    "yesterday's schedule with new dates, one value changed": "rows_of_another_weekday",
    "last week's schedule with new dates, one value changed": "rows_of_same_weekday",
    "a schedule without 40 percent of its rows": "rows_on_usual_days",
    "a schedule twice, the second time under other numbers": "rows_on_usual_days",
    "outcomes of which 40 percent are missing": "rows_on_usual_days",
    "pressure of one station stuck": "pressure_run",
    "wind of one station stuck": "wind_run",
    "pressures rounded to whole millibars": "pressure_digit",
    "precipitation summed since the start of the night, 0.5 inches or more": "precip_rising_stations",
    "winds from the opposite side": "wind_vector_step",
    "a schedule without a tenth of its rows": "lost_share",
    "a schedule without its busiest destination": "destinations_missing",
    "a schedule whose departures are an hour late": "moved_alike_share",
    "a schedule with two carriers swapped": "renamed_carrier_share",
    "a schedule with 20 flights again a minute later": "other_times",
    "outcomes whose last tenth is missing": "latency_of_known_at",
    "outcomes whose last 3 percent are missing": "latency_of_known_at",
}

# Of values: other units and zones, copies, numbers that are cut off or moved, all that follows from them following.
OF_VALUES = {
    "winds rounded to 5 knots": "unused_wind_share",
    "visibility in miles taken for kilometres": "largest_visib_to_usual",
    "pressures 6 millibars higher": "common_pressure_step",
    "last week's pressures": "pressure_pattern",
    "a station that is another but for its winds": "equal_temp_dewp_share",
    "pressure of one station missing": "pressure_nulls_apart",
    "hours under the label of the one before": "hours_missing_at_end",
    "a schedule with one larger carrier 12 hours off": "moved_by_hours_share",
    "a schedule with the arrivals of one larger carrier an hour late": "moved_block_share",
    "a schedule with 3 percent again under a partner's number": "twin_share",
    "a schedule without one carrier at one airport, of 5 to 40 flights": "rows_of_missing_part",
    "delays of one larger carrier 20 minutes longer": "earliest_departures_shift_of_carrier",
    "delays cut off at 60 minutes": "largest_arrival_delay_to_usual",
    "delays in even minutes": "unused_arrival_delay_share",
    "one airport's flights reported as cancelled": "cancelled_share_of_origin_apart",
}


@pytest.fixture(scope="module")
def nights() -> Frames:
    return delivered(NIGHT - timedelta(days=28), NIGHT)


@pytest.mark.parametrize(
    ("name", "seed"),
    [*((name, seed) for name in FOUND_BY for seed in (1, 2)), *((name, 1) for name in OF_VALUES)],
)
def test_a_planted_fault_is_refused_by_the_rule_made_for_it(name: str, seed: int, nights: Frames) -> None:
    fault = planted_faults()[name]
    suite = f"arrivals/{fault.dataset}"
    clean = of_nights(nights, lambda night: night == NIGHT.isoformat())[suite]
    history = of_nights(nights, lambda night: night < NIGHT.isoformat())
    spoiled = fault.spoil(clean.copy(), history[suite], np.random.default_rng(seed))
    assert not spoiled.equals(clean)

    result = audit_many({suite: spoiled}, subject=name, history=history)[suite]

    found = {failure.column for failure in result.failures}
    assert {**FOUND_BY, **OF_VALUES}[name] in found, result.message()


def test_the_clean_night_passes(nights: Frames) -> None:
    judged = of_nights(nights, lambda night: night == NIGHT.isoformat())
    history = of_nights(nights, lambda night: night < NIGHT.isoformat())
    results = audit_many(judged, subject="clean", history=history)
    assert {suite: result.message() for suite, result in results.items() if not result.is_success} == {}


def test_growth_of_45_percent_over_a_year_refuses_no_day_and_a_sudden_doubling_does(nights: Frames) -> None:
    """Rows of seven minutes later, under other numbers, are added to the history and to the night: 45 percent more."""
    schedules, times = nights["schedule"], ["sched_dep_time", "sched_arr_time"]
    extra = schedules[(schedules[times].astype(int) % 100 < 53).all(axis=1)]
    extra = extra[extra["flight"].astype(int) % 20 < 11]
    later = (extra[times].astype(int) + 7).astype(str)
    more = extra.assign(flight=(9_999 - extra["flight"].astype(int)).astype(str), **later)
    grown = pd.concat([schedules, more], ignore_index=True).drop_duplicates(
        ["night", "carrier", "flight", "origin", "dest", "sched_dep_time"]
    )
    frames = {"schedule": grown}
    judged = of_nights(frames, lambda night: night == NIGHT.isoformat())
    history = of_nights(frames, lambda night: night < NIGHT.isoformat())
    (grown_with_its_history,) = audit_many(judged, subject="grown", history=history).values()
    assert grown_with_its_history.is_success, grown_with_its_history.message()
    (sudden,) = audit_many(
        judged, subject="sudden", history=of_nights(nights, lambda night: night < NIGHT.isoformat())
    ).values()
    assert "rows_on_usual_days" in {failure.column for failure in sudden.failures}
