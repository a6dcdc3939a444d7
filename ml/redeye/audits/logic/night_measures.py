"""What a contract asks to be measured of each night, whatever the dataset: one column per measure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import partial

import pandas as pd

from redeye.audits.logic import recurring_rows, repeats, usual_shares, value_patterns
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
    series, time = (continuity.series, continuity.time) if continuity else ("", None)
    if measure.value is MeasureName.ZEROS_APART:
        return usual_shares.share_zeros_apart(judged, group=series, column=one)
    if measure.value is MeasureName.SILENT_TIMES:
        return usual_shares.count_silent_times(judged, group=series, time=str(time), column=one)
    if measure.value is MeasureName.LONGEST_RUN:
        return value_patterns.find_longest_runs(judged, group=series, time=str(time), columns=several)
    if measure.value is MeasureName.LONELY_ZEROS:
        return value_patterns.count_lonely_zeros(judged, group=series, time=str(time), column=one)
    if measure.value is MeasureName.RISING_SERIES:
        return value_patterns.count_rising_series(judged, group=series, time=str(time), column=one)
    if measure.value is MeasureName.EQUAL_COLUMNS:
        return value_patterns.share_equal_columns(judged, columns=several)
    if measure.value is MeasureName.MINUTES_TO_CUTOFF:
        return find_minutes_to_cutoff(judged, column=one)
    compare = {
        MeasureName.REPEATED_ROWS: partial(repeats.share_repeated_rows, columns=several),
        MeasureName.REPEATED_CELLS: partial(
            repeats.share_repeated_cells, position=[series], time=time, columns=several
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
        MeasureName.STEP_OF_VECTOR: partial(
            measure_vector_steps, group=series, time=str(time), columns=several
        ),
        MeasureName.MISSING_VALUES: partial(usual_shares.count_missing_values, column=one),
        MeasureName.RENAMED_ROWS: partial(recurring_rows.share_renamed_rows, columns=several),
        MeasureName.FROM_NEIGHBOURS_TO_USUAL: partial(
            usual_shares.compare_neighbours, group=series, time=str(time), column=one
        ),
    }[measure.value]
    return compare(judged, history, nights_back=nights_back)
