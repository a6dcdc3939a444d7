"""Clean nights and planted faults are audited as a night is: alone, with the nights before it as history."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from flights.nycflights13 import NycFlights13
from redeye.sources.logic.faults import PlantedFault
from redeye.studies.arrival_checks.run_arrival_checks import (
    audit_clean_nights,
    cut,
    find_half,
    load_planted_faults,
    plant_faults,
)

NIGHT = date(2013, 9, 12)


@pytest.fixture(scope="module")
def weather() -> dict[str, pd.DataFrame]:
    frames = [
        delivery.frame.to_pandas().assign(night=delivery.night.isoformat())
        for delivery in NycFlights13().fetch(date(2013, 8, 15), NIGHT)
        if delivery.dataset == "weather"
    ]
    return {"arrivals/weather": pd.concat(frames, ignore_index=True)}


def test_a_clean_night_is_accepted_and_a_fault_refused(weather: dict[str, pd.DataFrame]) -> None:
    (clean,) = audit_clean_nights(weather, [NIGHT])
    assert not clean.is_refused
    faults = {"calm": PlantedFault("weather", lambda frame, before, rng: frame.assign(visib="0"))}
    (spoiled,) = plant_faults(weather, faults, [NIGHT], 3)
    assert (spoiled.fault, spoiled.night, spoiled.dataset) == ("calm", NIGHT, "weather")
    assert "visib_zeros_beyond_usual" in {check[2] for check in spoiled.failed}


def test_nights_are_judged_together_as_they_are_alone(weather: dict[str, pd.DataFrame]) -> None:
    nights = [date(2013, 9, day) for day in (9, 10, 11, 12)]
    spoiled = weather["arrivals/weather"].copy()
    is_bad = spoiled["night"] == "2013-09-10"
    frames = {"arrivals/weather": spoiled.assign(visib=spoiled["visib"].mask(is_bad, "0"))}
    together = list(audit_clean_nights(frames, nights))
    assert together == list(audit_clean_nights(frames, nights, at_once=1))
    assert [trial.is_refused for trial in together] == [False, True, False, False]


def test_a_night_that_a_fault_does_not_change_is_passed_over(weather: dict[str, pd.DataFrame]) -> None:
    faults = {"none": PlantedFault("weather", lambda frame, before, rng: frame)}
    assert list(plant_faults(weather, faults, [NIGHT], 3)) == []


def test_a_cut_has_the_nights_and_no_empty_suites(weather: dict[str, pd.DataFrame]) -> None:
    assert set(cut(weather, NIGHT, NIGHT)["arrivals/weather"]["night"]) == {NIGHT.isoformat()}
    assert cut(weather, date(2014, 2, 1), date(2014, 2, 2)) == {}


def test_bounds_are_chosen_on_the_first_half() -> None:
    assert find_half(NycFlights13()) == date(2013, 7, 1)


def test_planted_faults_keep_columns_dates_and_chance_by_seed(weather: dict[str, pd.DataFrame]) -> None:
    night, before = cut(weather, NIGHT, NIGHT), cut(weather, date(2013, 8, 15), date(2013, 9, 11))
    for name, fault in load_planted_faults().items():
        if fault.dataset != "weather":
            continue
        once, again = (
            fault.spoil(
                night["arrivals/weather"].copy(), before["arrivals/weather"], np.random.default_rng(5)
            )
            for _ in range(2)
        )
        pd.testing.assert_frame_equal(once, again)
        assert list(once.columns) == list(night["arrivals/weather"].columns), name
        for column in ("time_hour", "known_at", "night", "hour"):
            true = night["arrivals/weather"][column]
            # Under another hour's label the last ones leave the night.
            assert set(once[column]) <= set(true), name
            assert "label" in name or sorted(once[column]) == sorted(true), name
