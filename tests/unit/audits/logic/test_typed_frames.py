"""Text becomes typed columns; what does not parse is a fault at its row, never an exception."""

from __future__ import annotations

import pandas as pd
import pytest

from redeye.audits.logic.typed_frames import ColumnType, describe_fault, parse_frame


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "int",
            ["0", "-7", "+7", "2147483647", "NA"],
            ["", " 1", "1.0", "1e3", "2147483648", "nan", "٣", "5 min"],
        ),
        (
            "float",
            ["0", "-7.5", ".5", "1e3", "NA"],
            ["", "nan", "inf", "-Infinity", "1e999", "1,5", "0x10", "5F"],
        ),
        (
            "text",
            ["a", "a b", "São Paulo", "NA"],
            [
                "",
                " ",
                "BOS ",
                " BOS",
                "N14\x00228",
                "a\nb",
                "BOS\r",
                "a\u00a0b",
                "\ufeffa",
                "Ã\x89",
                "\ufffd",
            ],
        ),
        ("free_text", ["a", "", " a\r\n\tb\u00a0 ", "NA"], ["a\0", "\x1b[31m", "\x85", "\ud800"]),
        ("timestamp", ["2013-01-01T05:00:00Z", "2013-01-01 05:00"], ["", "2013-13-01T05:00:00Z", "now"]),
        ("timestamp", ["NA"], ["2013-01-01T25:00:00Z", "2013-02-29T05:00:00Z", "2013-01-01"]),
        ("date", ["2013-02-28", "NA"], ["2013-02-30", "2013-2-3", "20130203", ""]),
        ("bool", ["true", "FALSE", "NA"], ["1", "yes", ""]),
    ],
)
def test_values_parse_or_are_faults(kind: ColumnType, good: list[str], bad: list[str]) -> None:
    typed, faults = parse_frame(pd.DataFrame({"x": good + bad}), {"x": kind})
    assert [list(fault.positions) for fault in faults] == (
        [list(range(len(good), len(good + bad)))] if bad else []
    )
    expected = [value == "NA" for value in good] + [True] * len(bad)
    assert typed["x"].isna().tolist() == expected


def test_whole_numbers_stay_whole_and_instants_become_naive_microseconds() -> None:
    frame = pd.DataFrame({"n": ["3", "4"], "t": ["2013-01-01T05:00:00Z", "NA"]})
    typed, _ = parse_frame(frame, {"n": "int", "t": "timestamp"})
    assert typed["n"].tolist() == [3, 4]
    assert typed["n"].dtype == "int64"
    assert typed["t"].dtype == "datetime64[us]"
    assert typed["t"][0] == pd.Timestamp("2013-01-01 05:00")


def test_columns_that_are_typed_already_are_checked() -> None:
    frame = pd.DataFrame({"n": [1.0, 1.5, None], "f": [1.0, float("inf"), None], "t": ["a", "b", "c"]})
    _, faults = parse_frame(frame.assign(t=1), {"n": "int", "f": "float", "t": "text"})
    assert {fault.column: list(fault.positions) for fault in faults} == {"n": [1], "f": [1], "t": [0, 1, 2]}


def test_the_given_frame_is_left_as_it_was() -> None:
    frame = pd.DataFrame({"n": ["3"]}, index=[9])
    parse_frame(frame, {"n": "int"})
    assert frame["n"].tolist() == ["3"]
    assert frame.index.tolist() == [9]


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("timestamp", ["2013-01-01T05:00:00Z\r", "2013-01-01T06:00:00Z\r"], "end in a stray carriage return"),
        ("text", ["N14\x00228", "BOS "], "hold characters that cannot be seen"),
        ("text", ["S\ufffdo Paulo"], "hold characters that were lost when they were decoded"),
        ("text", ["BOS ", " BOS"], "have a blank before or behind them"),
        ("int", [" 7"], "have a blank before or behind them"),
        ("int", ["5 min", " 7"], "are no int"),
        ("text", [""], "are no text"),
        ("float", ["nan"], "are no float"),
        ("float", ["001"], "are no float"),
        ("float", ["-02.5"], "are no float"),
    ],
)
def test_a_fault_says_what_is_wrong_with_its_values(kind: ColumnType, values: list[str], said: str) -> None:
    frame = pd.DataFrame({"x": values})
    _, [fault] = parse_frame(frame, {"x": kind})
    assert describe_fault(fault, frame["x"].iloc[fault.positions]).startswith(said)


@pytest.mark.parametrize("others", [["a", "b"], ["a", None], ["a", float("nan")]])
def test_a_nul_does_not_hide_behind_the_same_text_without_it(others: list[object]) -> None:
    typed, [fault] = parse_frame(
        pd.DataFrame({"x": pd.Series([*others, "a\0"], dtype=object)}), {"x": "text"}
    )
    assert list(fault.positions) == [2]
    assert typed["x"].isna().tolist() == [False, others[1] != "b", True]
