"""The measures of a night that a contract may ask for, `redeye.measure`, and which columns each of them takes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import model_validator

from redeye.declarations.spec_fields import Frozen, Name


class MeasureName(StrEnum):
    """What of a night any dataset can be measured by; `redeye.audits.logic.night_measures` computes them."""

    REPEATED_ROWS = "repeated_rows"
    REPEATED_CELLS = "repeated_cells"
    ROWS_OF_ANOTHER_WEEKDAY = "rows_of_another_weekday"
    ROWS_OF_SAME_WEEKDAY = "rows_of_same_weekday"
    STEP_FROM_LAST_NIGHT = "step_from_last_night"
    STALE_QUANTITIES = "stale_quantities"
    STALE_SERIES = "stale_series"
    TURNED_GAIN = "turned_gain"
    TURNED_GAIN_OF_ONE = "turned_gain_of_one"
    SWAPPED_GAIN = "swapped_gain"
    ZEROS_BEYOND_USUAL = "zeros_beyond_usual"
    ZEROS_APART = "zeros_apart"
    SILENT_TIMES = "silent_times"
    NULLS_BEYOND_USUAL = "nulls_beyond_usual"
    FROM_NEIGHBOURS_TO_USUAL = "from_neighbours_to_usual"
    MINUTES_TO_CUTOFF = "minutes_to_cutoff"
    ROWS_ON_USUAL_DAYS = "rows_on_usual_days"
    ROWS_AROUND_HOLIDAYS = "rows_around_holidays"
    LONGEST_RUN = "longest_run"
    LONELY_ZEROS = "lonely_zeros"
    COMMONEST_DIGIT = "commonest_digit"
    EQUAL_COLUMNS = "equal_columns"
    CHANGED_ROWS = "changed_rows"
    GONE_ROWS = "gone_rows"
    LOST_ROWS = "lost_rows"
    RENAMED_ROWS = "renamed_rows"
    MISSING_VALUES = "missing_values"
    RISING_SERIES = "rising_series"
    STEP_OF_VECTOR = "step_of_vector"
    LARGEST_TO_USUAL = "largest_to_usual"
    LOW_TAIL_SHIFT = "low_tail_shift"
    COMMONEST_VALUE = "commonest_value"
    UNUSED_VALUES = "unused_values"
    COMMON_STEP = "common_step"
    REPEATED_PATTERN = "repeated_pattern"
    ROWS_OF_MISSING = "rows_of_missing"
    NULLS_APART = "nulls_apart"
    EQUAL_SERIES = "equal_series"
    TWIN_ROWS = "twin_rows"


_OF_SEVERAL = {
    MeasureName.REPEATED_ROWS,
    MeasureName.REPEATED_CELLS,
    MeasureName.ROWS_OF_ANOTHER_WEEKDAY,
    MeasureName.ROWS_OF_SAME_WEEKDAY,
    MeasureName.LONGEST_RUN,
    MeasureName.EQUAL_COLUMNS,
    MeasureName.CHANGED_ROWS,
    MeasureName.LOST_ROWS,
    MeasureName.RENAMED_ROWS,
    MeasureName.STEP_OF_VECTOR,
    MeasureName.LOW_TAIL_SHIFT,
    MeasureName.COMMONEST_VALUE,
    MeasureName.ROWS_OF_MISSING,
    MeasureName.NULLS_APART,
    MeasureName.EQUAL_SERIES,
    MeasureName.TWIN_ROWS,
}
_OF_ONE = {
    MeasureName.ZEROS_BEYOND_USUAL,
    MeasureName.ZEROS_APART,
    MeasureName.SILENT_TIMES,
    MeasureName.NULLS_BEYOND_USUAL,
    MeasureName.FROM_NEIGHBOURS_TO_USUAL,
    MeasureName.MINUTES_TO_CUTOFF,
    MeasureName.LONELY_ZEROS,
    MeasureName.COMMONEST_DIGIT,
    MeasureName.MISSING_VALUES,
    MeasureName.RISING_SERIES,
    MeasureName.LARGEST_TO_USUAL,
    MeasureName.UNUSED_VALUES,
    MeasureName.COMMON_STEP,
    MeasureName.REPEATED_PATTERN,
}
_OF_GROUPS = {MeasureName.LOW_TAIL_SHIFT, MeasureName.COMMONEST_VALUE}
OF_SERIES = {
    MeasureName.REPEATED_CELLS,
    MeasureName.STEP_FROM_LAST_NIGHT,
    MeasureName.STALE_QUANTITIES,
    MeasureName.STALE_SERIES,
    MeasureName.TURNED_GAIN,
    MeasureName.TURNED_GAIN_OF_ONE,
    MeasureName.SWAPPED_GAIN,
    MeasureName.ZEROS_APART,
    MeasureName.SILENT_TIMES,
    MeasureName.FROM_NEIGHBOURS_TO_USUAL,
    MeasureName.LONGEST_RUN,
    MeasureName.LONELY_ZEROS,
    MeasureName.RISING_SERIES,
    MeasureName.STEP_OF_VECTOR,
    MeasureName.COMMON_STEP,
    MeasureName.REPEATED_PATTERN,
    MeasureName.EQUAL_SERIES,
}
"""Measures of datasets with a continuity."""
OF_NEWEST = {MeasureName.CHANGED_ROWS, MeasureName.GONE_ROWS}
"""Measures that compare rows by their key with the newest delivery before, however long ago that came."""


class Measure(Frozen):
    """What a column of a night's profile measures: `turned_gain`, `{zeros_beyond_usual: visib}` or with a list."""

    value: MeasureName
    columns: tuple[Name, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, written: Any) -> Any:  # noqa: ANN401  as it stands in a file
        if isinstance(written, dict) and len(written) == 1 and "value" not in written:
            ((name, columns),) = written.items()
            return {"value": name, "columns": columns if isinstance(columns, list) else [columns]}
        return written

    @model_validator(mode="after")
    def _names_its_columns(self) -> Measure:
        if self.value in _OF_SEVERAL and not self.columns:
            raise ValueError(f"write {{{self.value}: [<columns>]}}")
        if self.value in _OF_ONE and len(self.columns) != 1:
            raise ValueError(f"write {{{self.value}: <column>}}")
        if self.value is MeasureName.NULLS_APART and len(self.columns) != 2:
            raise ValueError(f"write {{{self.value}: [<column>, <group>]}}")
        if self.value in _OF_GROUPS and len(self.columns) > 2:
            raise ValueError(f"write {{{self.value}: [<column>]}} or {{{self.value}: [<column>, <group>]}}")
        if self.columns and self.value not in _OF_SEVERAL | _OF_ONE:
            raise ValueError(f"write {self.value} alone: its columns are those of redeye.continuity, if any")
        return self
