"""How good the order of each group is: NDCG with a cut, and the share of the label that its head catches.

The discounted cumulative gain of an order is the sum of its labels, each divided by the binary logarithm of its place
plus 1, over the places up to the cut; NDCG is that over the one of the best order (Järvelin and Kekäläinen, "Cumulated
gain-based evaluation of IR techniques", 2002: the gain is the label itself). Rows with equal scores have no order:
each counts as on average over all orders of them (McSherry and Najork, "Computing information retrieval performance
measures efficiently in the presence of tied scores", 2008), so that one score for all is a random order.

A group lies within a night. The metrics are means of what each group adds, or quotients of such sums, so that one
resampling by nights serves all. A group whose labels are all equal has no better order and is left out of NDCG.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from redeye.models.logic.evaluation import Curve, Metrics, Scored, divide
from redeye.models.logic.night_statistics import Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class OrderMetrics(Metrics):
    """What a window says about orders.

    Attributes:
        groups: that were put in order.
        mean_label: of the rows.
        caught: share of the sum of all labels that lies in the heads of the orders.
    """

    groups: int
    mean_label: float
    ndcg_loss: float
    ndcg: float
    caught: float

    def describe(self) -> str:
        """How many orders there are, how good, and what their heads hold."""
        return (
            f"{self.groups} orders, mean label {self.mean_label:.3f}, NDCG {self.ndcg:.3f}, {self.caught:.1%} of all "
            "in their heads"
        )


class _Parts(NamedTuple):
    """By night, the sums that metrics are made of: over its groups that have a better and a worse order, and over all.

    `groups` counts the former, `lost` and `lost_by_chance` are their NDCG losses as ordered and in a random order;
    `caught` and `labels` are sums of labels, in the heads and of all rows.
    """

    groups: Floats
    lost: Floats
    lost_by_chance: Floats
    caught: Floats
    labels: Floats


class ScoredOrders(Scored):
    """Scores, the highest of each group first, with labels of 0 or more."""

    TITLES: ClassVar[Mapping[str, str]] = {
        "ndcg_loss": "NDCG loss",
        "ndcg": "NDCG",
        "caught": "share caught by the head",
    }
    LOSS: ClassVar[str] = "ndcg_loss"
    MEASURES: ClassVar[tuple[str, ...]] = ("relative_ndcg_loss",)
    COMPARED: ClassVar[tuple[str, ...]] = ("ndcg_loss",)
    HIGHER_IS_BETTER: ClassVar[frozenset[str]] = frozenset({"ndcg", "caught"})

    def __init__(
        self,
        labels: npt.ArrayLike,
        predictions: npt.ArrayLike,
        nights: npt.ArrayLike,
        groups: npt.ArrayLike,
        cut: int,
    ) -> None:
        """As any; `groups` is a number per row, which parts the rows of a night, `cut` the places that count."""
        super().__init__(labels, predictions, nights)
        self.groups, self.cut = np.asarray(groups, dtype=np.int64), cut
        if self.groups.shape != self.labels.shape:
            raise ValueError(f"{self.groups.shape} groups for {self.labels.shape} rows: not one each")

    @staticmethod
    def check_labels(labels: Floats) -> None:
        """Refuse what is no number of 0 or more.

        Raises:
            ValueError: if there is such a label.
        """
        if not (np.isfinite(labels) & (labels >= 0)).all():
            raise ValueError("a label is no number of 0 or more: leave rows without outcome out")

    @staticmethod
    def count_invalid(predictions: Floats) -> int:
        """How many are no numbers."""
        return int((~np.isfinite(predictions)).sum())

    def where(self, is_kept: npt.NDArray[np.bool_]) -> Self:
        """Some of the rows, which keep their groups."""
        if is_kept.shape != self.labels.shape or not is_kept.any():
            return super().where(is_kept)
        return self._make(self.predictions, is_kept)

    def answer_alike(self, prediction: npt.ArrayLike) -> Self:
        """The same groups in a random order."""
        return self._make(np.full(self.labels.shape, prediction), np.ones(self.labels.shape, dtype=np.bool_))

    def like(self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike) -> Self:
        """Others, each night one group."""
        return type(self)(labels, predictions, nights, np.zeros(np.shape(labels)), self.cut)

    def _make(self, predictions: Floats, kept: npt.NDArray[np.bool_]) -> Self:
        nights = self.nights[self.night_of_row]
        return type(self)(self.labels[kept], predictions[kept], nights[kept], self.groups[kept], self.cut)

    def metrics(self) -> OrderMetrics:
        """Every metric on the rows as they are."""
        return OrderMetrics(
            rows=self.labels.size,
            nights=len(self.nights),
            spread=float(self.predictions.std()),
            groups=len(self._sorted.night),
            mean_label=float(self.labels.mean()),
            **{metric: self.measure(metric) for metric in self.TITLES},
        )

    def resample(self, metric: str, weights: Floats) -> Floats:
        """A metric for each weighting of the nights, NaN where it is not defined.

        Args:
            metric: one of `TITLES`, or `relative_ndcg_loss`: the NDCG loss over that of a random order of the same
                groups. At 1 the model is worth no more than that.
            weights: one row per weighting, one column per night: how often the night counts.

        Raises:
            ValueError: if there is no such metric.
        """
        parts = self._parts
        match metric:
            case "ndcg_loss":
                return divide(weights @ parts.lost, weights @ parts.groups)
            case "ndcg":
                return divide(weights @ (parts.groups - parts.lost), weights @ parts.groups)
            case "caught":
                return divide(weights @ parts.caught, weights @ parts.labels)
            case "relative_ndcg_loss":
                return divide(weights @ parts.lost, weights @ parts.lost_by_chance)
        raise ValueError(f"no metric {metric!r}; there are {', '.join(self.TITLES)} and relative_ndcg_loss")

    def labels_per_night(self) -> Floats:
        """The sum of the labels of each night."""
        return self._per_night(self.labels)

    def catch(self, cut: int) -> float:
        """The share of the sum of all labels that lies in heads of so many rows."""
        rows = self._sorted
        is_seen = (rows.place < cut).astype(np.float64)
        return float(divide(rows.label @ rows.average(is_seen), np.array(rows.label.sum())))

    def draw_curves(self) -> Mapping[str, Curve]:
        """What heads of other lengths would catch, and NDCG by night."""
        cuts = np.arange(1, 5 * self.cut + 1)
        caught, by_night = np.array([self.catch(int(each)) for each in cuts]), np.eye(len(self.nights))
        return {
            "caught": Curve(
                "Share of the label caught by the first rows of each order",
                cuts.astype(np.float64),
                caught,
                "rows",
                "share of all",
                limits=(0, 1),
            ),
            "ndcg": Curve(
                "NDCG by night",
                self.nights,
                self.resample("ndcg", by_night),
                "night",
                "NDCG",
                has_points=True,
                limits=(0, 1),
            ),
        }

    @cached_property
    def _sorted(self) -> _SortedRows:
        return _SortedRows.of(self.labels, self.predictions, self.night_of_row, self.groups)

    @cached_property
    def _parts(self) -> _Parts:
        rows, nights = self._sorted, len(self.nights)
        is_seen = (rows.place < self.cut).astype(np.float64)
        discount = is_seen / np.log2(rows.place + 2.0)
        by_label = rows.label[np.lexsort((-rows.label, rows.group))]
        best, gain = rows.sum(by_label * discount), rows.sum(rows.label * rows.average(discount))
        # In a random order each row of a group has the mean discount.
        chance = rows.sum(rows.label) * rows.sum(discount) / rows.sum(np.ones_like(discount))
        differs = rows.has_different_labels

        def add(values: Floats) -> Floats:
            return np.bincount(rows.night, values, minlength=nights).astype(np.float64)

        return _Parts(
            groups=add(differs.astype(np.float64)),
            lost=add(np.where(differs, 1 - divide(gain, best), 0.0)),
            lost_by_chance=add(np.where(differs, 1 - divide(chance, best), 0.0)),
            caught=add(rows.sum(rows.label * rows.average(is_seen))),
            labels=add(rows.sum(rows.label)),
        )


@dataclass(frozen=True)
class _SortedRows:
    """Rows by group, those of each from the highest score down.

    Attributes:
        label: of each row.
        group: its group's number.
        place: in its group, from 0.
        tie: the number of the rows with its score in its group.
        night: of each group.
    """

    label: Floats
    group: Ints
    place: Ints
    tie: Ints
    night: Ints

    @classmethod
    def of(cls, labels: Floats, scores: Floats, nights: Ints, groups: Ints) -> _SortedRows:
        """Rows of any order."""
        order = np.lexsort((-scores, groups, nights))
        night, part, score = nights[order], groups[order], scores[order]
        is_first = np.ones(len(order), dtype=np.bool_)
        is_first[1:] = (night[1:] != night[:-1]) | (part[1:] != part[:-1])
        is_new = is_first.copy()
        is_new[1:] |= score[1:] != score[:-1]
        starts, group = np.flatnonzero(is_first), is_first.cumsum() - 1
        place = np.arange(len(order)) - starts[group]
        return cls(labels[order], group, place, is_new.cumsum() - 1, night[starts])

    def sum(self, values: Floats) -> Floats:
        """Of each group, whose rows' values these are."""
        return np.bincount(self.group, values).astype(np.float64)

    def average(self, by_place: Floats) -> Floats:
        """What each row has on average over the orders of those with its score."""
        mean: Floats = np.bincount(self.tie, by_place) / np.bincount(self.tie)
        return mean[self.tie]

    @property
    def has_different_labels(self) -> npt.NDArray[np.bool_]:
        """Of each group."""
        starts = np.flatnonzero(self.place == 0)
        return np.maximum.reduceat(self.label, starts) > np.minimum.reduceat(self.label, starts)
