"""What a contract asks to be measured of each night, whatever the dataset: one column per measure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from redeye.audits.logic import recurring_rows, repeats, usual_shares, usual_statistics, value_patterns
from redeye.audits.logic.continuity import MEASURES, measure_continuity, measure_vector_steps
from redeye.audits.logic.contract_terms import Continuity
from redeye.audits.logic.earlier_nights import NIGHT
from redeye.audits.logic.known_times import find_minutes_to_cutoff
from redeye.audits.logic.measures import OF_NEWEST, Measure, MeasureName

_OF_ROWS = {
    MeasureName.ROWS_ON_USUAL_DAYS: "on_usual_days",
    MeasureName.ROWS_AROUND_HOLIDAYS: "around_holidays",
}


def list_columns(
    measures: Collection[Measure], continuity: Continuity | None, key: Sequence[str] = ()
) -> list[str]:
    """The columns of a delivery, beside `night`, that its measures read."""
    columns = [column for measure in measures for column in measure.columns]
    if any(measure.value in OF_NEWEST for measure in measures):
        columns += key
    if continuity is not None:
        columns += [continuity.series, continuity.time, *continuity.columns]
    return list(dict.fromkeys(columns))


def measure_nights(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    measures: Mapping[str, Measure],
    *,
    key: Sequence[str],
    continuity: Continuity | None,
    holidays: Collection[date],
    days_ahead: int,
    nights_back: int,
) -> pd.DataFrame:
    """One row per judged night: `night`, and each measure under its name.

    Args:
        judged: typed rows with `night` and the columns of `list_columns`.
        history: likewise of earlier nights; None if there are none.
        measures: by the name that the profile gives them.
        key: columns that name a row, beside `night`.
        continuity: what a series of the readings is; needed by measures of series.
        holidays: days that are like no weekday.
        days_ahead: days from a night to the day that its rows are of.
        nights_back: days before a night with whose nights it is compared.
    """
    found = pd.DataFrame(index=pd.Index(sorted(judged[NIGHT].dropna().unique()), name=NIGHT))
    wanted = {measure.value for measure in measures.values()}
    joint: dict[str, pd.Series] = {}
    if continuity is not None and wanted & set(MEASURES):
        whole = measure_continuity(
            judged,
            history,
            group=continuity.series,
            time=continuity.time,
            quantities=continuity.columns,
            nights_back=nights_back,
        ).set_index(NIGHT)
        joint |= {str(name): whole[name] for name in whole}
    if wanted & set(_OF_ROWS):
        rows = usual_shares.compare_rows(
            judged, history, holidays=holidays, days_ahead=days_ahead, nights_back=nights_back
        )
        joint |= {measure: rows[name] for measure, name in _OF_ROWS.items()}
    for name, measure in measures.items():
        if measure.value in joint:
            found[name] = joint[measure.value]
        elif measure.value is MeasureName.CHANGED_ROWS:
            found[name] = recurring_rows.share_changed_rows(judged, history, key=key, columns=measure.columns)
        elif measure.value is MeasureName.GONE_ROWS:
            found[name] = recurring_rows.share_gone_rows(judged, history, key=key)
        elif measure.value is MeasureName.LOST_ROWS:
            found[name] = recurring_rows.share_lost_rows(
                judged,
                history,
                columns=measure.columns,
                holidays=holidays,
                days_ahead=days_ahead,
                nights_back=nights_back,
            )
        else:
            found[name] = _measure(measure, judged, history, continuity, nights_back)
    return found.reset_index()


def _measure(
    measure: Measure,
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    continuity: Continuity | None,
    nights_back: int,
) -> pd.Series:
    several, one = measure.columns, measure.columns[0]
    series, time = (continuity.series, str(continuity.time)) if continuity else ("", "")
    of_series: dict[str, Any] = {"group": series, "time": time}
    alone: dict[MeasureName, Callable[..., pd.Series]] = {
        MeasureName.ZEROS_APART: partial(usual_shares.share_zeros_apart, group=series, column=one),
        MeasureName.SILENT_TIMES: partial(usual_shares.count_silent_times, **of_series, column=one),
        MeasureName.LONGEST_RUN: partial(value_patterns.find_longest_runs, **of_series, columns=several),
        MeasureName.LONELY_ZEROS: partial(value_patterns.count_lonely_zeros, **of_series, column=one),
        MeasureName.RISING_SERIES: partial(value_patterns.count_rising_series, **of_series, column=one),
        MeasureName.EQUAL_SERIES: partial(value_patterns.share_equal_series, **of_series, columns=several),
        MeasureName.EQUAL_COLUMNS: partial(value_patterns.share_equal_columns, columns=several),
        MeasureName.MINUTES_TO_CUTOFF: partial(find_minutes_to_cutoff, column=one),
        MeasureName.COMMONEST_VALUE: partial(usual_statistics.share_commonest_value, columns=several),
        MeasureName.NULLS_APART: partial(usual_shares.share_nulls_apart, columns=several),
        MeasureName.TWIN_ROWS: partial(recurring_rows.share_twin_rows, columns=several),
    }
    if measure.value in alone:
        return alone[measure.value](judged)
    compare: dict[MeasureName, Callable[..., pd.Series]] = {
        MeasureName.REPEATED_ROWS: partial(repeats.share_repeated_rows, columns=several),
        MeasureName.REPEATED_CELLS: partial(
            repeats.share_repeated_cells, position=[series], time=time or None, columns=several
        ),
        MeasureName.ROWS_OF_ANOTHER_WEEKDAY: partial(
            repeats.share_rows_of_one_night, columns=several, is_same_weekday=False
        ),
        MeasureName.ROWS_OF_SAME_WEEKDAY: partial(
            repeats.share_rows_of_one_night, columns=several, is_same_weekday=True
        ),
        MeasureName.ZEROS_BEYOND_USUAL: partial(usual_shares.share_zeros_beyond_usual, column=one),
        MeasureName.NULLS_BEYOND_USUAL: partial(usual_shares.share_nulls_beyond_usual, column=one),
        MeasureName.COMMONEST_DIGIT: partial(value_patterns.share_commonest_digit, column=one),
        MeasureName.STEP_OF_VECTOR: partial(measure_vector_steps, **of_series, columns=several),
        MeasureName.MISSING_VALUES: partial(usual_shares.count_missing_values, column=one),
        MeasureName.RENAMED_ROWS: partial(recurring_rows.share_renamed_rows, columns=several),
        MeasureName.FROM_NEIGHBOURS_TO_USUAL: partial(
            usual_shares.compare_neighbours, **of_series, column=one
        ),
        MeasureName.ROWS_OF_MISSING: partial(usual_shares.find_missing_rows, columns=several),
        MeasureName.LARGEST_TO_USUAL: partial(usual_statistics.compare_largest, column=one),
        MeasureName.LOW_TAIL_SHIFT: partial(usual_statistics.find_tail_shift, columns=several),
        MeasureName.UNUSED_VALUES: partial(usual_statistics.share_unused_values, column=one),
        MeasureName.COMMON_STEP: partial(usual_statistics.find_common_step, **of_series, column=one),
        MeasureName.REPEATED_PATTERN: partial(usual_statistics.match_pattern, **of_series, column=one),
    }
    return compare[measure.value](judged, history, nights_back=nights_back)
