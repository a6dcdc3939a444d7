"""A model of the dbt project and its columns, before and after a change, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UBIGINT",
    "UINTEGER",
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
)


def is_number(kind: str) -> bool:
    """Whether a type of DuckDB is one of numbers."""
    return kind.startswith(_NUMBERS)


class Origin(StrEnum):
    """Why a model is built."""

    NEW = "new"
    CHANGED = "changed"
    DOWNSTREAM = "depends on it"
    REMOVED = "removed"


@dataclass(frozen=True)
class Histogram:
    """Shares of rows by bin, old and new; `labels` name the bins."""

    labels: tuple[str, ...]
    old: tuple[float, ...]
    new: tuple[float, ...]

    @property
    def shift(self) -> float:
        """Share of rows that lie in another bin: total variation, 0 to 1."""
        return sum(abs(a - b) for a, b in zip(self.old, self.new, strict=True)) / 2


@dataclass(frozen=True)
class ColumnDiff:
    """A column, before and after, over the rows of the keys that both have.

    Attributes:
        change: `added`, `removed`, `type`, `values`, or "" for none.
        rows: with another value; numbers count as equal up to a billionth. Of another type, numbers alone are compared.
        largest: difference of two numbers; None for other types.
    """

    name: str
    change: str
    rows: int = 0
    largest: float | None = None
    nulls_old: int = 0
    nulls_new: int = 0
    mean_old: float | None = None
    mean_new: float | None = None
    histogram: Histogram | None = None
    type_old: str = ""
    type_new: str = ""

    @property
    def is_unreadable(self) -> bool:
        """Whether what reads the column cannot go on: it is gone, or no number any more, or one now."""
        is_number_still = is_number(self.type_old) and is_number(self.type_new)
        return self.change == "removed" or (self.change == "type" and not is_number_still)

    @property
    def title(self) -> str:
        """The name, with both types where they differ."""
        return f"{self.name} ({self.type_old} → {self.type_new})" if self.change == "type" else self.name


@dataclass(frozen=True)
class RowDiff:
    """A row that is not as it was, as text.

    Attributes:
        change: `added`, `lost`, or `values`.
        values: of the columns that differ: name, old, new.
    """

    key: tuple[str, ...]
    change: str
    values: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class ModelDiff:
    """A model, before and after.

    Attributes:
        name: the relation, `schema.table`.
        key: its columns; rows are matched by it.
        seconds_old: of the build, None where the release's rows stand for it.
        examples: some rows that differ, the newest first.
        query: of all of them, for a sandbox in which the change is built; "" where none differs.
        beside: of a feature table, how a changed form of it comes to stand beside it.
    """

    name: str
    origin: Origin
    key: tuple[str, ...]
    rows_old: int = 0
    rows_new: int = 0
    keys_added: int = 0
    keys_lost: int = 0
    columns: tuple[ColumnDiff, ...] = ()
    seconds_old: float | None = None
    seconds_new: float = 0.0
    bytes_old: int = 0
    bytes_new: int = 0
    examples: tuple[RowDiff, ...] = ()
    query: str = ""
    beside: str = ""
    reached: frozenset[str] = frozenset()
    """Columns that come from what changed, by lineage."""

    @property
    def title(self) -> str:
        """The model's name."""
        return self.name.rpartition(".")[2]

    @property
    def layer(self) -> str:
        """The schema."""
        return self.name.partition(".")[0]

    @property
    def changed(self) -> tuple[ColumnDiff, ...]:
        """The columns that are not as they were."""
        return tuple(each for each in self.columns if each.change)

    @property
    def is_same(self) -> bool:
        """Whether every row and column is as it was."""
        is_there = self.origin not in {Origin.NEW, Origin.REMOVED}
        return is_there and not (self.keys_added or self.keys_lost or self.changed)
