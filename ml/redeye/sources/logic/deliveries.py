"""What a source delivers: datasets, deliveries, and references to deliveries that have landed.

A *source* is the only thing that knows where data comes from. It cuts its data into nights, keeps the
text of every value as it was given, and adds `known_at`, the instant at which each row became
knowable. Parsing and typing come later, after the landing files are verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from redeye.declarations.names import RULE, is_name
from redeye.foundation.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from upath import UPath

Location: TypeAlias = "Path | UPath"
"""A file or folder of this machine, or of an object store."""

KNOWN_AT = "known_at"
MISSING = "NA"
REFERRED_FOR = 3
"""How many nights after a delivery rows of others come that refer to it."""


@dataclass(frozen=True)
class Dataset:
    """One table of a source.

    Attributes:
        name: short noun, used in paths and table names: letters, digits and `_`.
        columns: every column of a landing file in order, `known_at` last.
        types: DuckDB type of each column, as the warehouse loads it; `NA` is NULL.
        key: the natural key, unique among the newest versions of the rows.
        of_day: of a schedule, by column the SQL of what it holds on the day `{day}`: so that of a week before
            can be moved to a day that has none.
        most_rows: how many rows a delivery of one night may have at most; None if its own history says it.
    """

    name: str
    columns: tuple[str, ...]
    types: Mapping[str, str]
    key: tuple[str, ...]
    of_day: Mapping[str, str] = field(default_factory=dict)
    most_rows: int | None = None

    def __post_init__(self) -> None:
        if not is_name(self.name) or not self.name.isidentifier():
            raise ValueError(f"dataset {self.name!r}: a name is a word of letters, digits and _")
        if self.columns[-1:] != (KNOWN_AT,):
            raise ValueError(f"dataset {self.name}: the last column must be {KNOWN_AT}, got {self.columns}")
        if set(self.types) != set(self.columns):
            odd = sorted(set(self.types) ^ set(self.columns))
            raise ValueError(f"dataset {self.name}: columns and types differ by {odd}")
        if not set(self.key) <= set(self.columns):
            raise ValueError(f"dataset {self.name}: key {self.key} is not among the columns")
        if not set(self.of_day) <= set(self.columns):
            raise ValueError(f"dataset {self.name}: of_day {list(self.of_day)} is not among the columns")


@dataclass(frozen=True)
class Delivery:
    """The rows of one dataset that became knowable in one night, as text.

    Attributes:
        frame: one string column per column of the dataset, in its order; missing values are the
            source's own text for them.
        is_stated_empty: the source says that there is nothing, as opposed to having nothing to say.
        shift_weeks: how many weeks later than it really did all of it happens; 0 for what is as it was.
        parent: content hash of the delivery that these are some rows of, the others being set aside; empty if whole.
        more_follows: whether it is a part: the next delivery of the same dataset and night has more rows, and
            all of them land as one.

    Raises:
        DeliveryError: if source or dataset is no name, or the frame is not what it must be.
    """

    source: str
    dataset: str
    night: date
    frame: pa.Table
    is_stated_empty: bool = False
    shift_weeks: int = 0
    more_follows: bool = False
    parent: str = ""

    def __post_init__(self) -> None:
        # These three make the path that it lands at.
        for what, name in (("source", self.source), ("dataset", self.dataset)):
            if not is_name(name):
                raise DeliveryError(f"{what} {name!r} of a delivery is no name: {RULE}")
        # The scheduler's dates are of a class of their own; a datetime would be a date too.
        if not isinstance(self.night, date) or isinstance(self.night, datetime):
            raise DeliveryError(f"{self.source}/{self.dataset}: the night {self.night!r} is no date")
        where = f"{self.source}/{self.dataset}/{self.night}"
        odd = [field.name for field in self.frame.schema if not pa.types.is_string(field.type)]
        if odd:
            raise DeliveryError(f"{where}: every column of a delivery is text, but not {odd}")
        named = zip(self.frame.column_names, self.frame.columns, strict=True)
        if empty := [name for name, column in named if column.null_count]:
            raise DeliveryError(f"{where}: columns {empty} hold nulls; deliver the source's own text instead")
        try:
            self.frame.validate(full=True)
        except pa.ArrowInvalid as error:
            raise DeliveryError(f"{where}: the text of a delivery is UTF-8: {error}") from error
        if self.is_stated_empty and (self.frame.num_rows or self.more_follows):
            more = " and more follows" if self.more_follows else ""
            raise DeliveryError(f"{where}: stated empty, but holds {self.frame.num_rows} rows{more}")


@dataclass(frozen=True)
class DeliveryFault:
    """A delivery that cannot be taken in: why, in words for an operator. A source may yield one in its place.

    Attributes:
        dataset: of which dataset; None if it cannot be told.
        is_passing: whether the same may succeed when it is tried again: a disk was full, a server did not answer.
    """

    source: str
    dataset: str | None
    night: date
    message: str
    is_passing: bool = False


@dataclass(frozen=True)
class DeliveryRef:
    """A delivery that has landed: an immutable file, named by its content.

    Attributes:
        night: the night whose data it is.
        content_hash: first 16 hex digits of the file's SHA-256; the `delivery_id` of its rows.
        arrival_night: the first night whose release can hold it; later than `night` for what came when that
            night was built, and for a restatement.
        shift_weeks: as of the delivery, and so is `parent`.
    """

    source: str
    dataset: str
    night: date
    content_hash: str
    path: Location
    rows: int
    is_stated_empty: bool
    arrival_night: date
    shift_weeks: int = 0
    parent: str = ""

    @property
    def is_restatement(self) -> bool:
        """Whether it came after its own night: its rows are then known at the cutoff of its arrival."""
        return self.arrival_night > self.night


@runtime_checkable
class Source(Protocol):
    """Where deliveries come from. Implementations are named by the setting `source`.

    Attributes:
        name: short name, used in paths and in the ledger.
        layout: names the raw tables it is loaded into, and with them the dbt models that read it. Sources
            with the same datasets and columns share a layout.
        is_prompt: whether a night's delivery is there at the night's cutoff. A source that comes later than
            that serves history and training: no night is built or scored from it on time.
        first_night: the earliest night it delivers.
        last_night: the last night that is followed by a day with a schedule.
        final_night: the last night it delivers at all: later ones hold late outcomes only.
        datasets: every dataset, in the order in which they are delivered.
    """

    name: str
    layout: str
    is_prompt: bool
    first_night: date
    last_night: date
    final_night: date
    datasets: tuple[Dataset, ...]

    def fetch(self, first: date, last: date) -> Iterator[Delivery]:
        """Every delivery of the nights `first` to `last`, both included, night by night.

        One of each dataset and night, or several parts of which all but the last say that more follows. Rows
        of a delivery come in a fixed order, so that the same data gives the same bytes. Each row's `known_at`
        (ISO 8601, UTC) is after the start of its night and at or before its cutoff.

        A source whose `fetch` takes a third argument `dataset`, a name or None for all, is asked for one dataset
        after the other: then whatever it raises for one of them costs no other.

        Raises:
            DeliveryError: if the source is missing, cannot be read, or is not asked for its own nights.
        """
        ...


@runtime_checkable
class Shiftable(Protocol):
    """A source whose calendar can be shifted."""

    def shift_by(self, weeks: int) -> Source:
        """The same source, everything so many weeks later; weekdays and clocks stay.

        A holiday's effect on the rows moves with them, so the calendar of holidays is shifted as well
        (`redeye.warehouse.raw_tables.add_holidays`).
        """
        ...


def find_dataset(source: Source, name: str) -> Dataset:
    """The dataset of `source` called `name`.

    Raises:
        DeliveryError: if there is none; the message lists those there are.
    """
    for dataset in source.datasets:
        if dataset.name == name:
            return dataset
    raise DeliveryError(f"{source.name} has no dataset {name!r}; it has {[d.name for d in source.datasets]}")


def require_names(source: Source) -> Source:
    """This source, if its name and layout may stand in paths and names of tables.

    Raises:
        ConfigError: if one may not.
    """
    if not is_name(source.name):
        raise ConfigError(f"the source's name {source.name!r} is no name: {RULE}")
    layout = getattr(source, "layout", source.name)
    if not is_name(layout) or not layout.isidentifier():
        raise ConfigError(
            f"layout {layout!r} of source {source.name}: a name is a word of letters, digits and _"
        )
    return source
