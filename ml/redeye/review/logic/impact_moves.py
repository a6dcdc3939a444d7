"""What becomes of a version's predictions when the features it reads change, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass

from redeye.champions.logic.readers import Reader
from redeye.models.logic.evaluation import Interval, Metrics
from redeye.review.logic.impact_measures import Measures


@dataclass(frozen=True)
class ColumnMove:
    """One column of a version's predictions of the last nights, with old and new features; of words no numbers.

    Attributes:
        title: of the column, as pages have it.
        moved: how many rows move in it.
    """

    title: str
    moved: int
    largest: float | None = None
    mean_old: float | None = None
    mean_new: float | None = None
    rank_correlation: float | None = None


@dataclass(frozen=True)
class ScoreDiff:
    """A version's predictions of the same rows with old and new features.

    Attributes:
        rows: of the last nights; `moved` of them move, in one column at least.
        coming: rows of the day after the last night; `coming_moved` of them move.
        columns: what a prediction is made of, that by which rows are ranked first.
        difference: loss gained, positive where the new features are better.
    """

    reader: Reader
    measures: Measures
    nights: int
    rows: int
    moved: int
    coming: int
    coming_moved: int
    columns: tuple[ColumnMove, ...]
    old: Metrics | None
    new: Metrics | None
    difference: Interval | None

    @property
    def largest(self) -> float:
        """The largest move of any column."""
        return max((each.largest for each in self.columns if each.largest is not None), default=0.0)

    @property
    def is_worse(self) -> bool:
        """Whether the new features are, by the whole interval."""
        return self.difference is not None and self.difference.upper < 0

    def __str__(self) -> str:
        """What may be said of it."""
        told = (
            f"with the change {self.reader} gives another score to {self.coming_moved:,} of {self.coming:,} rows of "
            f"the coming day and to {self.moved:,} of {self.rows:,} of the last {self.nights} nights"
        )
        if self.difference is None:
            return told
        word = (
            "worse" if self.is_worse else "better" if self.difference.lower > 0 else "not significantly other"
        )
        return f"{told}: {word}, {self.measures.loss} gained {self.measures.show_gain(self.difference)}"
