"""How a column's distribution is kept, night by night, and how far two of them are apart.

A column is cut into bins once, by the reference. A night is then a row of counts, and any window of nights
the sum of its rows: replaying a year of windows needs the data once. The statistics, each larger for worse:

- distance: of numbers the Wasserstein-1 distance in standard deviations of the reference, of categories the
  Jensen-Shannon distance (base 2, 0 to 1). Both look at rows that have a value.
- ks: of numbers the Kolmogorov-Smirnov distance, the largest gap between the two distribution functions, taken at
  the cuts. It sees a shift in the bulk that is small beside a long tail.
- psi: the population stability index over tenths of the reference, or over categories. It sees where rows are that
  were rare.
- empty_share: how far the share of rows without a value is from the reference's, in either direction.
- constant: 1 if every row has the same value. The distance does not see a column that was set to one usual
  value, such as 0; this does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

Floats = npt.NDArray[np.float64]

# Numbers are cut at so many quantiles of the reference: finer than the quarter of a standard deviation that
# any threshold comes near, and small enough to keep for each night.
# The tails are cut finer, since between two cuts a distribution is taken for even.
GRID = 40
TAILS = (0.002, 0.005, 0.01)
# Standard deviation of a constant column, as a share of its size: a change of one per cent is then distance 1.
CONSTANT_SCALE = 0.01
# The index is commonly taken over tenths; a share of nothing would make it infinite.
STABILITY_BINS = 10
STABILITY_FLOOR = 1e-4


class Statistic(StrEnum):
    """What is measured of a column."""

    WASSERSTEIN = "wasserstein"
    JENSEN_SHANNON = "jensen_shannon"
    KS = "ks"
    PSI = "psi"
    EMPTY_SHARE = "empty_share"
    CONSTANT = "constant"


# What makes a column count as drifted. The others are measured and shown: where a window has seasons and
# storms of its own they exceed any threshold of a quarter's history in nearly every week.
COUNTED = frozenset(
    {Statistic.WASSERSTEIN, Statistic.JENSEN_SHANNON, Statistic.EMPTY_SHARE, Statistic.CONSTANT}
)


@dataclass(frozen=True)
class Bins:
    """How a column is cut.

    Attributes:
        edges: of a column of numbers, ascending, from the reference's smallest to its largest value.
        categories: of a categorical column, the most frequent of the reference; the rest is one bin, "other".
        scale: of numbers, the reference's standard deviation.
    """

    column: str
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    scale: float = 1.0
    is_numeric: bool = True

    @classmethod
    def of(cls, values: pd.Series, *, is_numeric: bool, maximum_categories: int) -> Bins | None:
        """The bins for a reference column; None if it has no value at all."""
        known = values.dropna()
        if known.empty:
            return None
        name = str(values.name)
        if not is_numeric:
            frequent = known.astype(str).value_counts()
            # By count, then by name, so that equal counts do not depend on the order of rows.
            order = sorted(
                zip(frequent, frequent.index.astype(str), strict=True), key=lambda at: (-at[0], at[1])
            )
            return cls(name, categories=tuple(k for _, k in order[:maximum_categories]), is_numeric=False)
        numbers = known.to_numpy(dtype=np.float64)
        cuts = np.unique([*np.linspace(0, 1, GRID + 1), *TAILS, *(1 - tail for tail in TAILS)])
        edges = np.unique(np.quantile(numbers, cuts, method="inverted_cdf"))
        spread = float(numbers.std())
        scale = spread if spread > 0 else max(abs(float(numbers[0])), 1.0) * CONSTANT_SCALE
        return cls(name, edges=tuple(float(edge) for edge in edges), scale=scale)

    @property
    def distance(self) -> Statistic:
        """The statistic that says how far distributions are apart."""
        return Statistic.WASSERSTEIN if self.is_numeric else Statistic.JENSEN_SHANNON

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """Every statistic of the column."""
        tests = (Statistic.KS, Statistic.PSI) if self.is_numeric else (Statistic.PSI,)
        return (self.distance, *tests, Statistic.EMPTY_SHARE, Statistic.CONSTANT)

    def codes(self, values: pd.Series) -> tuple[npt.NDArray[np.int64], Floats]:
        """The bin of each value, -1 where there is none, and the value as a number (of a category its bin)."""
        if self.is_numeric:
            numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            numbers = np.where(np.isfinite(numbers), numbers, np.nan)
            found = np.searchsorted(self.edges, numbers, side="left")
            return np.where(np.isnan(numbers), -1, found), numbers
        places = {name: place for place, name in enumerate(self.categories)}
        text = values.astype(object).where(values.notna(), None)
        codes = np.array(
            [-1 if value is None else places.get(str(value), len(places)) for value in text], dtype=np.int64
        )
        return codes, codes.astype(np.float64)


@dataclass(frozen=True)
class Summary:
    """A column over nights or windows, one row each.

    Attributes:
        counts: rows by bin.
        outside: sum of how far values lie below the first edge and above the last one.
        rows: all of them; those without a value are not in `counts`.
        lowest: smallest value, infinite if there is none; of categories the bin.
        highest: largest value.
    """

    counts: Floats
    outside: Floats
    rows: Floats
    lowest: Floats = field(repr=False)
    highest: Floats = field(repr=False)

    @classmethod
    def of(cls, bins: Bins, values: pd.Series, night_of_row: npt.NDArray[np.int64], nights: int) -> Summary:
        """Values summed up by night.

        Args:
            bins: of the column.
            values: one per row.
            night_of_row: position of each row's night, 0 to `nights` - 1.
            nights: how many there are.
        """
        codes, numbers = bins.codes(values)
        width = len(bins.edges) + 1 if bins.is_numeric else len(bins.categories) + 1
        known = codes >= 0
        place, number = night_of_row[known], numbers[known]
        counts = np.bincount(place * width + codes[known], minlength=nights * width).reshape(nights, width)
        outside = np.zeros((nights, 2))
        if bins.is_numeric:
            below = np.maximum(bins.edges[0] - number, 0.0)
            above = np.maximum(number - bins.edges[-1], 0.0)
            outside = np.column_stack(
                [np.bincount(place, weights, minlength=nights) for weights in (below, above)]
            )
        lowest, highest = np.full(nights, np.inf), np.full(nights, -np.inf)
        np.minimum.at(lowest, place, number)
        np.maximum.at(highest, place, number)
        rows = np.bincount(night_of_row, minlength=nights).astype(np.float64)
        return cls(counts.astype(np.float64), outside, rows, lowest, highest)

    @property
    def known(self) -> Floats:
        """Rows that have a value."""
        return self.counts.sum(axis=1)

    def windows(self, nights: int) -> Summary:
        """Every run of so many nights, in order; none if there are fewer."""
        if len(self.rows) < nights:
            return self.take(slice(0, 0))

        def added(values: Floats) -> Floats:
            return sliding_window_view(values, nights, axis=0).sum(axis=-1)

        return Summary(
            added(self.counts),
            added(self.outside),
            added(self.rows),
            sliding_window_view(self.lowest, nights).min(axis=-1),
            sliding_window_view(self.highest, nights).max(axis=-1),
        )

    def total(self) -> Summary:
        """All of it as one window."""
        return self.windows(len(self.rows))

    def take(self, which: slice | npt.NDArray[np.bool_]) -> Summary:
        """Some of the nights."""
        return Summary(*(values[which] for values in vars(self).values()))

    def only(self, which: npt.NDArray[np.bool_]) -> Summary:
        """The same nights, with no rows in the others."""
        return Summary(
            self.counts * which[:, None],
            self.outside * which[:, None],
            self.rows * which,
            self.lowest,
            self.highest,
        )

    def minus(self, other: Summary) -> Summary:
        """Without the rows of another one; the extremes stay."""
        shape = np.broadcast_shapes(self.rows.shape, other.rows.shape)
        return Summary(
            self.counts - other.counts,
            self.outside - other.outside,
            self.rows - other.rows,
            np.broadcast_to(self.lowest, shape),
            np.broadcast_to(self.highest, shape),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Summary]) -> Summary:
        """Nights after nights."""
        return cls(*map(np.concatenate, zip(*(vars(part).values() for part in parts), strict=True)))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {name: getattr(self, name).tolist() for name in ("counts", "outside", "rows")}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Summary:
        """The inverse of `to_dict`, without the extremes: a reference's are not compared."""
        rows = np.asarray(values["rows"], dtype=np.float64)
        unknown = np.full(rows.shape, np.nan)
        return cls(
            np.asarray(values["counts"], dtype=np.float64),
            np.asarray(values["outside"], dtype=np.float64),
            rows,
            unknown,
            unknown,
        )


def measure(bins: Bins, statistic: Statistic, current: Summary, reference: Summary) -> Floats:
    """A statistic for each row of `current`; NaN where there is no value to measure.

    Args:
        bins: by which both were cut.
        statistic: which.
        current: windows.
        reference: one row, or one for each of the windows.
    """
    if not current.rows.size:  # a history too short for a single window
        return np.empty(0)
    match statistic:
        case Statistic.WASSERSTEIN:
            return _wasserstein(bins, current, reference)
        case Statistic.JENSEN_SHANNON:
            return _jensen_shannon(current, reference)
        case Statistic.KS:
            return _kolmogorov_smirnov(current, reference)
        case Statistic.PSI:
            return _stability_index(bins, current, reference)
        case Statistic.EMPTY_SHARE:
            return np.abs(_empty(current) - _empty(reference))
        case Statistic.CONSTANT:
            return np.where(current.known > 0, (current.lowest == current.highest).astype(np.float64), np.nan)


def _empty(summary: Summary) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - summary.known / summary.rows


def _wasserstein(bins: Bins, current: Summary, reference: Summary) -> Floats:
    """Area between the distribution functions; beyond the edges the reference's is 0 or 1, so exact."""
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = _gaps(current, reference)[:, :-1]
        inside = ((gap[:, :-1] + gap[:, 1:]) / 2 * np.diff(bins.edges)).sum(axis=1)
        beyond = current.outside.sum(axis=1) / current.known
        return (inside + beyond) / bins.scale


def _kolmogorov_smirnov(current: Summary, reference: Summary) -> Floats:
    """Exact at the cuts; between two of them it may be larger by the share of the reference that lies there."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(current.known > 0, _gaps(current, reference).max(axis=1), np.nan)


def _gaps(current: Summary, reference: Summary) -> Floats:
    """Between the distribution functions, at each cut."""
    now, then = (each.counts.cumsum(axis=1) / each.known[:, None] for each in (current, reference))
    return np.abs(now - then)


def _stability_index(bins: Bins, current: Summary, reference: Summary) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        now, then = (each.counts / each.known[:, None] for each in (current, reference))
    if bins.is_numeric:
        # Finer bins would measure the noise of a night: its index grows with bins over rows.
        whole = np.nan_to_num(then[0])
        tenth = np.minimum(
            ((whole.cumsum() - whole / 2) * STABILITY_BINS).astype(np.int64), STABILITY_BINS - 1
        )
        starts = np.flatnonzero(np.diff(tenth, prepend=-1))
        now, then = np.add.reduceat(now, starts, axis=1), np.add.reduceat(then, starts, axis=1)
    now, then = np.maximum(now, STABILITY_FLOOR), np.maximum(then, STABILITY_FLOOR)
    return np.where(current.known > 0, ((now - then) * np.log(now / then)).sum(axis=1), np.nan)


def _jensen_shannon(current: Summary, reference: Summary) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        now, then = (each.counts / each.known[:, None] for each in (current, reference))
        middle = (now + then) / 2
        parts = [
            np.where(each > 0, each * np.log2(np.where(each > 0, each, 1.0) / middle), 0.0)
            for each in (now, then)
        ]
        divergence = np.clip((parts[0] + parts[1]).sum(axis=1) / 2, 0.0, 1.0)
        return np.where(current.known > 0, np.sqrt(divergence), np.nan)
