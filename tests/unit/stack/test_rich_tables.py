"""Nothing of a printed table is cut, and no value is written as a library's type."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from rich.table import Column

from redeye.foundation.settings import PROJECT_ROOT
from redeye.stack.rich_tables import Table, format_value

CELLS = ("2013-04-04", "ingest_nights_of_every_source", "0123456789abcdef0123456789abcdef", "12.5")


def show(table: Table, width: int) -> str:
    """As it comes out of a pipe."""
    written = io.StringIO()
    Console(file=written, width=width).print(table)
    return written.getvalue()


def make_table() -> Table:
    table = Table("night", Column("job", justify="right"), "a column with a long head")
    table.add_column("seconds", justify="right")
    table.add_row(*CELLS)
    return table


@pytest.mark.parametrize("width", [20, 30, 46, 80, 100, 200])
def test_nothing_is_cut_however_narrow(width):
    shown = show(make_table(), width)
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown
    assert max(map(len, shown.splitlines())) <= width
    for cell in CELLS:
        assert cell in re.sub(r"\s", "", shown) if len(cell) >= width - 2 else cell in shown


def test_what_fits_is_a_table_and_what_does_not_is_a_list_of_its_rows():
    assert "┃" in show(make_table(), 100)
    assert [line.rstrip() for line in show(make_table(), 80).splitlines()] == [
        "2013-04-04",
        "  job: ingest_nights_of_every_source",
        "  a column with a long head: 0123456789abcdef0123456789abcdef",
        "  seconds: 12.5",
    ]


def test_a_path_that_no_line_holds_leaves_facts_a_table_and_is_broken():
    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column()
    table.add_row("files", f"m/{'0123456789' * 8}")
    table.add_row("version", "2 (average)")
    lines = [line.rstrip() for line in show(table, 60).splitlines()]
    assert lines[0].startswith(" files    m/0123")
    assert lines[-1] == " version  2 (average)"
    assert "version: 2" in show(table, 14)


def test_no_word_is_broken_where_sentences_take_the_room():
    """Rich makes the widest columns equally narrow, whatever words they hold."""
    table = Table("model", "columns with other values", "seconds")
    table.add_row("feat_carrier_origin_hour__delays", "late_flights_all, " * 9, "1.0")
    shown = show(table, 80)
    assert "┃" in shown
    assert "feat_carrier_origin_hour__delays" in shown
    assert shown.count("late_flights_all") == 9
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.float64(0.5889475021248564), "0.5889"),
        (np.float32(1022.0), "1022"),
        (12842.0, "12842"),
        (-0.005, "-0.005"),
        (np.int64(7), "7"),
        (np.bool_(True), "yes"),
        (False, "no"),
        (np.datetime64("2013-04-04T09:00", "us"), "2013-04-04 09:00"),
        (pd.Timestamp("2013-04-04T09:00", tz="America/New_York"), "2013-04-04 09:00-04:00"),
        (datetime(2013, 4, 4, 9, tzinfo=UTC), "2013-04-04 09:00+00:00"),
        (date(2013, 4, 4), "2013-04-04"),
        ("EV", "EV"),
        (0.0, "0"),
        *((value, "missing") for value in (None, float("nan"), np.float32("nan"), pd.NaT, pd.NA)),
        (np.datetime64("NaT"), "missing"),
    ],
)
def test_values_are_written_for_people(value, shown):
    assert format_value(value) == shown
    table = Table("value")
    table.add_row(value)
    assert f" {shown} " in show(table, 80)


def test_every_table_that_is_printed_is_one_of_these():
    found = [
        path.relative_to(PROJECT_ROOT).as_posix()
        for path in (PROJECT_ROOT / "ml" / "redeye").rglob("*.py")
        if re.search(
            r"^from rich(\.table)? import .*\b[tT]able\b", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    # The progress has a grid of its own.
    assert sorted(found) == ["ml/redeye/stack/airflow/stage_progress.py", "ml/redeye/stack/rich_tables.py"]
