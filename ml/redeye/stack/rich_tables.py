"""Tables that commands print: nothing in them is cut, and values are written for people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from rich import table as rich_table

MISSING = "missing"
WHOLE_FROM = 1000


def night_column() -> rich_table.Column:
    """A column of nights, none of which is broken as long as there is room for it."""
    return rich_table.Column("night", width=len("2013-04-04"))


class Table(rich_table.Table):
    """Breaks what does not fit into lines, also in a narrow terminal or a pipe; rich would cut it with an ellipsis."""

    def __init__(self, *headers: rich_table.Column | str, **options: Any) -> None:  # noqa: ANN401  as rich has it
        super().__init__(*headers, **options)
        for column in self.columns:
            column.overflow = "fold"

    def add_column(self, header: Any = "", footer: Any = "", **options: Any) -> None:  # noqa: ANN401  as rich has it
        """Add a column, whose words are broken where they do not fit."""
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
