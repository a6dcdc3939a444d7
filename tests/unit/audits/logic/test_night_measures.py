"""What a contract asks to be measured is measured, under the name that the profile gives it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from made_readings import QUANTITIES, last_night, make_readings

from redeye.audits.logic.contract_terms import Continuity
from redeye.audits.logic.measures import OF_SERIES, Measure, MeasureName
from redeye.audits.logic.night_measures import list_columns, measure_nights

READINGS = make_readings(16)
NOW, BEFORE = last_night(READINGS.assign(gust=1.0, hour=READINGS["read_at"].dt.hour))
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
    MeasureName.GONE_ROWS,
}


def write(name: MeasureName) -> Measure:
    columns: Any = {
        MeasureName.MINUTES_TO_CUTOFF: "read_at",
        MeasureName.STEP_OF_VECTOR: ["flow", "level"],
        MeasureName.EQUAL_COLUMNS: ["flow", "level"],
        MeasureName.RENAMED_ROWS: ["gauge", "flow", "level"],
        MeasureName.LOST_ROWS: ["gauge", "hour"],
        MeasureName.MISSING_VALUES: "gauge",
        MeasureName.CHANGED_ROWS: ["gust"],
        MeasureName.LARGEST_TO_USUAL: "gust",
        MeasureName.LOW_TAIL_SHIFT: ["flow"],
        MeasureName.COMMONEST_VALUE: ["flow"],
        MeasureName.ROWS_OF_MISSING: ["gauge"],
        MeasureName.NULLS_APART: ["flow", "gauge"],
        MeasureName.EQUAL_SERIES: ["flow"],
        MeasureName.TWIN_ROWS: ["gauge", "flow"],
    }
    written: Any = str(name) if name in BARE else {str(name): columns.get(name, "flow")}
    return Measure.model_validate({"value": written} if name in BARE else written)


def measure(name: MeasureName, now: pd.DataFrame = NOW, continuity: Continuity | None = CONTINUITY) -> float:
    found = measure_nights(
        now,
        BEFORE,
        {"it": write(name)},
        key=["gauge", "hour"],
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
    old_night = BEFORE[BEFORE["night"] == BEFORE["night"].max()]
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
        MeasureName.LONGEST_RUN: NOW.assign(flow=4.2),
        MeasureName.LONELY_ZEROS: NOW.assign(flow=10.0).assign(
            flow=lambda rows: rows["flow"].mask(rows.index == 7, 0.0)
        ),
        MeasureName.COMMONEST_DIGIT: NOW.assign(flow=NOW["flow"].round()),
        MeasureName.EQUAL_COLUMNS: NOW.assign(flow=NOW["level"]),
        MeasureName.CHANGED_ROWS: NOW.assign(gust=2.0),
        MeasureName.GONE_ROWS: NOW[NOW.index % 3 > 0],
        MeasureName.LOST_ROWS: NOW[NOW.index % 3 > 0],
        MeasureName.MISSING_VALUES: NOW[NOW["gauge"] != "ash"],
        MeasureName.RISING_SERIES: NOW.assign(flow=NOW["flow"].abs().groupby(NOW["gauge"]).cumsum()),
        MeasureName.STEP_OF_VECTOR: NOW.assign(flow=NOW["flow"].abs() + 100, level=NOW["level"] + 180),
        MeasureName.LARGEST_TO_USUAL: NOW.assign(gust=9.0),
        MeasureName.LOW_TAIL_SHIFT: NOW.assign(flow=NOW["flow"] + 900),
        MeasureName.COMMONEST_VALUE: NOW.assign(flow=4.2),
        MeasureName.UNUSED_VALUES: NOW.assign(flow=NOW["flow"].mask(NOW.index > 1, BEFORE["flow"].min())),
        MeasureName.COMMON_STEP: NOW.assign(flow=NOW["flow"] + 90),
        MeasureName.ROWS_OF_MISSING: NOW[NOW["gauge"] != "ash"],
        MeasureName.NULLS_APART: NOW.assign(flow=NOW["flow"].mask(NOW["gauge"] == "ash")),
        MeasureName.EQUAL_SERIES: NOW.assign(flow=4.2),
        MeasureName.TWIN_ROWS: NOW.assign(flow=4.2),
        MeasureName.RENAMED_ROWS: old_night.assign(night=NOW["night"].iloc[0], gauge="oak"),
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
