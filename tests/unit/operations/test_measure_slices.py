"""Slices are cut by what the project names, and a code that another replaced counts to that one."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from redeye.declarations.project import Slicing, project
from redeye.declarations.successions import Succession
from redeye.operations import measure_slices

FRAME = pd.DataFrame(
    {"carrier_id": ["US", "AA", "DL"], "scheduled_departure_at": pd.to_datetime(["2015-10-16T07:30"] * 3)}
)
CARRIERS = Slicing(by="carrier", column="carrier_id")


def test_an_hour_is_two_digits_of_the_wall_clock_in_summer_and_winter() -> None:
    hours = Slicing(by="hour", column="scheduled_departure_at", part="hour")
    frame = pd.DataFrame(
        {
            "scheduled_departure_at": pd.to_datetime(
                ["2015-10-16T07:30", "2015-10-16T00:00", "2015-12-16T00:00"]
            )
        }
    )
    assert measure_slices.cut_values(frame, hours, date(2015, 12, 16)).tolist() == ["03", "20", "19"]


def test_both_holders_of_a_code_are_one_slice_from_the_first_night_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = Succession(
        column="carrier",
        key="carrier_id",
        old="US",
        new="AA",
        first_night=date(2015, 10, 17),
        because="US Airways flies as American.",
    )
    declared = project().model_copy(update={"successions": (said,)})
    monkeypatch.setattr(measure_slices, "project", lambda: declared)
    assert measure_slices.cut_values(FRAME, CARRIERS, date(2015, 10, 16)).tolist() == ["US", "AA", "DL"]
    assert measure_slices.cut_values(FRAME, CARRIERS, date(2015, 10, 17)).tolist() == ["AA", "AA", "DL"]
