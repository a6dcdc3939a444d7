"""What a contract asks to be measured is measured, under the name that the profile gives it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from made_readings import QUANTITIES, last_night, make_readings

from redeye.audits.logic.contract_terms import OF_SERIES, Continuity, Measure, MeasureName
from redeye.audits.logic.night_measures import list_columns, measure_nights

NOW, BEFORE = last_night(make_readings(15).assign(gust=1.0))
CONTINUITY = Continuity(series="gauge", time="read_at", columns=QUANTITIES, because="For a test.")
BARE = {
    MeasureName.STEP_FROM_LAST_NIGHT,
    MeasureName.STALE_QUANTITIES,
    MeasureName.STALE_SERIES,
    MeasureName.TURNED_GAIN,
    MeasureName.TURNED_GAIN_OF_ONE,
    MeasureName.SWAPPED_GAIN,
    MeasureName.ROWS_ON_USUAL_DAYS,
    MeasureName.ROWS_AROUND_HOLIDAYS,
}


def write(name: MeasureName) -> Measure:
    column = "read_at" if name is MeasureName.MINUTES_TO_CUTOFF else "flow"
    written: Any = str(name) if name in BARE else {str(name): column}
    return Measure.model_validate({"value": written} if name in BARE else written)


def measure(name: MeasureName, now: pd.DataFrame = NOW, continuity: Continuity | None = CONTINUITY) -> float:
    found = measure_nights(
        now,
        BEFORE,
        {"it": write(name)},
        continuity=continuity,
        holidays=[NOW["night"].iloc[0].date()] if name is MeasureName.ROWS_AROUND_HOLIDAYS else [],
        days_ahead=0,
        nights_back=28,
    )
    assert list(found.columns) == ["night", "it"]
    return float(found["it"].iloc[0])


@pytest.mark.parametrize("name", MeasureName)
def test_each_measure_is_computed_and_sees_its_fault(name: MeasureName) -> None:
    days = 7 if name is MeasureName.ROWS_OF_SAME_WEEKDAY else 1
    old = BEFORE[BEFORE["night"] == NOW["night"].iloc[0] - pd.Timedelta(days=days)]
    redated = NOW.assign(**{column: old[column].to_numpy() for column in QUANTITIES})
    swapped = NOW.assign(gauge=NOW["gauge"].replace({"ash": "cedar", "cedar": "ash"}))
    far = NOW.assign(flow=NOW["flow"].where(NOW["gauge"] != "ash", -900))
    faulty = {
        MeasureName.SWAPPED_GAIN: swapped,
        MeasureName.FROM_NEIGHBOURS_TO_USUAL: far,
        MeasureName.ZEROS_BEYOND_USUAL: NOW.assign(flow=0.0),
        MeasureName.ZEROS_APART: NOW.assign(flow=NOW["flow"].mask(NOW["gauge"] == "ash", 0.0)),
        MeasureName.SILENT_TIMES: NOW.assign(flow=NOW["flow"].abs().mask(NOW["gauge"] == "ash", 0.0)),
        MeasureName.NULLS_BEYOND_USUAL: NOW.assign(flow=NOW["flow"].mask(NOW.index % 2 == 0)),
        MeasureName.ROWS_ON_USUAL_DAYS: NOW.loc[NOW.index.repeat(2)],
        MeasureName.ROWS_AROUND_HOLIDAYS: NOW.loc[NOW.index.repeat(2)],
        MeasureName.MINUTES_TO_CUTOFF: NOW[NOW["read_at"] < NOW["read_at"].max()],
        MeasureName.STEP_FROM_LAST_NIGHT: NOW.assign(flow=NOW["flow"] + 90),
    }.get(name, redated)
    if name in (MeasureName.TURNED_GAIN, MeasureName.TURNED_GAIN_OF_ONE):
        ring = NOW.groupby("gauge")[list(QUANTITIES)].transform(lambda values: [*values[9:], *values[:9]])
        faulty = NOW.assign(**{column: ring[column] for column in QUANTITIES})
    assert measure(name, faulty) > measure(name) + 0.05


@pytest.mark.parametrize("name", sorted(set(MeasureName) - OF_SERIES))
def test_what_is_of_no_series_needs_no_continuity(name: MeasureName) -> None:
    assert measure(name, continuity=None) >= 0


def test_the_columns_that_are_read_are_listed_once() -> None:
    measures = [write(MeasureName.ZEROS_APART), write(MeasureName.TURNED_GAIN)]
    assert list_columns(measures, CONTINUITY) == ["flow", "gauge", "read_at", "degrees", "level"]
    assert list_columns(measures[:1], None) == ["flow"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"zeros_apart": ["flow", "level"]}, "write {zeros_apart: <column>}"),
        ({"value": "repeated_rows"}, "write {repeated_rows:"),
        ({"turned_gain": "flow"}, "write turned_gain alone"),
        ({"zeroes": "flow"}, "zeros_apart"),
    ],
)
def test_a_measure_says_its_columns(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"Measure") as refusal:
        Measure.model_validate(written)
    assert said in str(refusal.value)
