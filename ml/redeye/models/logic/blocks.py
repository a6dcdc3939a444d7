"""What pages show of a kind's matured predictions: pictures and tables, all drawn in the one theme of the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Form(StrEnum):
    """How the values of a column are read."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"
    NUMBER = "number"


@dataclass(frozen=True)
class Table:
    """Rows of values, None where one is not known.

    Attributes:
        columns: title and form of each.
        note: what the reader has to know.
    """

    columns: Sequence[tuple[str, Form]]
    rows: Sequence[Sequence[str | float | None]]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """Lines over nights or over numbers.

    Attributes:
        x: of every line, ascending.
        lines: at most two, by name; None leaves a hole.
        references: what the lines are held against.
        is_share: whether what is drawn is 0 to 1 and read in percent.
        is_share_below: whether `x` is.
    """

    title: str
    x: Sequence[date] | Sequence[float]
    lines: Mapping[str, Sequence[float | None]]
    x_title: str
    y_title: str = ""
    references: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    is_share: bool = False
    is_share_below: bool = False


@dataclass(frozen=True)
class Shares:
    """Predicted against observed shares: of each bin the mean prediction, the observed share and the rows."""

    title: str
    bins: Sequence[tuple[float, float, int]]


Block = Table | Picture | Shares


@dataclass(frozen=True)
class Cut:
    """Rows that share a value: by what they are cut, the value, and which they are."""

    by: str
    value: str
    rows: Sequence[int]
