"""For each rule of a suite, faults that break it: functions of the frame that Great Expectations judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

import pandas as pd

from redeye.audits.logic.suite import ExpectationSpec, SuiteSpec

Fault = Callable[[pd.DataFrame], pd.DataFrame]
UNIQUE = "expect_compound_columns_to_be_unique"
# Values of no set and of no pattern, and new codes of two, three and more signs that keep to theirs.
STRANGE = "\u00e9?"
NEW_CODES = ("ZZ", "ZZZ", "Zephyr 9")


def list_faults(spec: SuiteSpec, rule: ExpectationSpec) -> list[Fault]:
    """Ways to break the rule, the likeliest to break no other first."""
    column = rule.columns[0] if rule.columns else ""
    kinds: dict[str, Callable[[], list[Fault]]] = {
        "column_values_to_be_between": lambda: _leave_bounds(column, rule.kwargs),
        "column_values_to_be_in_set": lambda: _leave_set(column, rule.kwargs["value_set"]),
        "column_values_to_not_be_in_set": lambda: [_set_cell(column, rule.kwargs["value_set"][0])],
        "column_values_to_match_regex": lambda: [
            _set_cell(column, STRANGE),
            *(_follow(more, _set_cell(column, STRANGE)) for more in _list_more_rows(spec)),
        ],
        "compound_columns_to_be_unique": lambda: [_repeat_row(spec, rule, code) for code in NEW_CODES],
        "column_distinct_values_to_contain_set": lambda: [
            _rename(column, rule.kwargs["value_set"][0], code) for code in NEW_CODES
        ],
        "column_unique_value_count_to_be_between": lambda: [
            lambda frame: frame.assign(**{column: frame[column].iloc[0]})
        ],
        "table_row_count_to_be_between": lambda: [
            lambda frame: frame.iloc[: rule.kwargs["min_value"] - 1],
            _add_rows(spec, rule.kwargs["max_value"]),
        ],
    }
    return kinds[rule.expect.removeprefix("expect_")]()


def _leave_bounds(column: str, bounds: Mapping[str, Any]) -> list[Fault]:
    least, most = bounds.get("min_value"), bounds.get("max_value")
    beyond = [] if most is None else [most + 1, most + max(1e-6, abs(most) * 1e-3)]
    return [_set_cell(column, value) for value in (*beyond, *([] if least is None else [least - 1]))]


def _leave_set(column: str, known: list[Any]) -> list[Fault]:
    others = (STRANGE, *NEW_CODES) if isinstance(known[0], str) else (max(known) + 1,)
    return [_set_cell(column, value) for value in others]


def list_gaps(spec: SuiteSpec, column: str) -> list[Fault]:
    """Ways to leave out a value of a column in which none may be missing."""

    def leave_out(frame: pd.DataFrame) -> pd.DataFrame:
        return _put(frame, frame.index[-1], column, None)

    return [leave_out, *(_follow(more, leave_out) for more in _list_more_rows(spec))]


def combine(faults: Iterable[Fault]) -> Fault:
    """All of the faults at once."""
    return reduce(_follow, faults)


def _follow(first: Fault, then: Fault) -> Fault:
    return lambda frame: then(first(frame))


def _list_more_rows(spec: SuiteSpec) -> list[Fault]:
    """Ways to add a row, with something new in what else must be unique."""
    unique = [rule for rule in spec.expectations if rule.expect == UNIQUE]
    return [_repeat_row(spec, rule, code) for rule in unique for code in NEW_CODES]


def _put(frame: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    values = frame[column]
    if not pd.api.types.is_datetime64_any_dtype(values):
        values = values.astype("float64" if pd.api.types.is_numeric_dtype(values) else object)
    values = values.copy()
    values.loc[row] = value
    return frame.assign(**{column: values})


def _set_cell(column: str, value: object) -> Fault:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        known = frame.index[frame[column].notna()]
        return _put(frame, known[-1] if len(known) else frame.index[-1], column, value)

    return change


def _repeat_row(spec: SuiteSpec, rule: ExpectationSpec, code: str) -> Fault:
    """A row more that has the key of another, and of what else must be unique something new."""
    others = [
        column
        for each in spec.expectations
        if each.expect == UNIQUE and each is not rule
        for column in each.columns
        if column not in rule.columns and spec.types.get(column) == "text"
    ]

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        more = frame.iloc[[0]].assign(**dict.fromkeys(others, code))
        return pd.concat([frame, more], ignore_index=True)

    return change


def _rename(column: str, old: str, new: str) -> Fault:
    return lambda frame: frame.assign(**{column: frame[column].replace(old, new)})


def _add_rows(spec: SuiteSpec, count: int) -> Fault:
    """More rows, with new values in every column that must be unique."""
    keys = {column for rule in spec.expectations if rule.expect == UNIQUE for column in rule.columns}

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        more = pd.concat([frame.iloc[[0]]] * count, ignore_index=True)
        for column in keys & {name for name, kind in spec.types.items() if kind == "text"}:
            size = len(frame[column].iloc[0])
            more[column] = [
                f"{number:02d}"[:2] if size == 2 else f"X {number:06d}" for number in range(count)
            ]
        return pd.concat([frame, more], ignore_index=True)

    return change
