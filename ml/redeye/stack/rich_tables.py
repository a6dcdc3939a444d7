"""Tables that commands print: no name in them is broken, nothing is cut, and values are written for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from rich import table as rich_table
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.text import Text

MISSING = "missing"
WHOLE_FROM = 1000
LONGEST_NAME = 60
"""Longer words are hashes and paths, which nobody reads: they are broken where there is no room."""


def night_column() -> rich_table.Column:
    """A column of nights, none of which is broken as long as there is room for it."""
    return rich_table.Column("night", width=len("2013-04-04"))


class Table(rich_table.Table):
    """Cuts nothing and breaks no word that has room: a table that is too wide for its words is printed row by row."""

    def __init__(self, *headers: rich_table.Column | str, **options: Any) -> None:  # noqa: ANN401  as rich has it
        super().__init__(*headers, **options)
        for column in self.columns:
            column.overflow = "fold"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As a table whose columns are at least as wide as their longest word, or else as a list."""
        given = [column.width for column in self.columns]
        ranges = [_measure(column, console, options) for column in self.columns]
        # On each side of a cell a space, before each column and after the last a line.
        room = options.max_width - 3 * len(ranges) - 1 - sum(least for least, _ in ranges)
        if room < 0:
            yield from self._list_rows()
            return
        # Those that want least get all of it: a sentence is read as well on one line more.
        wanted = sorted(zip(ranges, self.columns, strict=True), key=lambda each: each[0][1] - each[0][0])
        for place, ((least, most), column) in enumerate(wanted):
            extra = min(most - least, room // (len(wanted) - place))
            column.width, room = least + extra, room - extra
        yield from super().__rich_console__(console, options)
        for column, width in zip(self.columns, given, strict=True):
            column.width = width

    def _list_rows(self) -> Iterator[RenderableType]:
        """Each row as its first cell and, below, what the others say, each with its head."""
        if self.title:
            yield Text.from_markup(str(self.title), style="italic")
        heads = [" ".join(str(column.header).split()) for column in self.columns]
        for row in zip(*(column.cells for column in self.columns), strict=True):
            if not self.show_header:
                told = Text.from_markup(str(row[0]), style="bold", overflow="fold")
                yield told.append(": ").append_text(
                    Text.from_markup(" ".join(map(str, row[1:])), style="not bold")
                )
                continue
            yield Text.from_markup(str(row[0]), style="bold", overflow="fold")
            for head, cell in zip(heads[1:], row[1:], strict=True):
                if str(cell).strip():
                    told = Text(f"{head}: ", overflow="fold").append_text(Text.from_markup(str(cell)))
                    yield Padding(told, (0, 0, 0, 2))

    def add_column(self, header: Any = "", footer: Any = "", **options: Any) -> None:  # noqa: ANN401  as rich has it
        """Add a column; its words are broken only where no line holds them."""
        super().add_column(header, footer, **{**options, "overflow": "fold"})

    def add_row(self, *cells: Any, **options: Any) -> None:  # noqa: ANN401  any value
        """Add a row; texts are rich's markup, other values are written by `format_value`."""
        shown = (
            cell if isinstance(cell, str) or hasattr(cell, "__rich__") else format_value(cell)
            for cell in cells
        )
        super().add_row(*shown, **options)


def format_value(value: object) -> str:
    """A value for people: no type of a library, no digit that says nothing."""
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or plain is pd.NaT or plain is pd.NA:
        return MISSING
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, float):
        if np.isnan(plain):
            return MISSING
        return f"{plain:.0f}" if abs(plain) >= WHOLE_FROM else f"{plain:.4g}"
    if isinstance(plain, datetime):
        return plain.isoformat(sep=" ", timespec="minutes")
    return plain.isoformat() if isinstance(plain, date) else str(plain)


def _measure(column: rich_table.Column, console: Console, options: ConsoleOptions) -> tuple[int, int]:
    """Width of a column's longest word, and of its longest line."""
    if column.width is not None:
        return column.width, column.width
    cells = [
        console.render_str(cell) if isinstance(cell, str) else cell for cell in (column.header, *column.cells)
    ]
    words = [len(word) for cell in cells for word in str(cell).split()]
    least = max((each for each in words if each <= LONGEST_NAME), default=1)
    return least, max(least, *(Measurement.get(console, options, cell).maximum for cell in cells))
