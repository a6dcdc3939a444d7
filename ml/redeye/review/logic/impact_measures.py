"""What a report on a change calls the numbers of a kind: what is predicted, what it is judged by, and in which form."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import Self

from redeye.models.kinds.interface import Kind, capitalize
from redeye.models.logic.amounts import round_number
from redeye.models.logic.evaluation import Interval
from redeye.models.logic.interval_text import format_interval

DIGITS = 4


@dataclass(frozen=True)
class Measures:
    """How predictions of a kind are told and judged.

    Attributes:
        loss: title of the loss by which two models are compared.
        others: the metrics that are shown beside it, each with its title.
        base: what the loss is divided by where it is held against that by another label; empty if there is no such.
        plural: what the numbers of one prediction are called; empty if there is one.
        is_share: whether they lie between 0 and 1; else they, and the loss, are in the unit of the label.
    """

    loss: str
    others: tuple[tuple[str, str], ...]
    base: str
    plural: str
    is_share: bool

    @classmethod
    def of(cls, kind: Kind) -> Self:
        """Those of the kind of a spec."""
        loss, titles = kind.scored.LOSS, kind.scored.TITLES
        bounds = {each.metric: each.title for each in kind.spec.monitor.quality.list_bounds()}
        return cls(
            loss=titles[loss],
            others=tuple((name, titles[name]) for name in kind.charted if name != loss and name in titles),
            base=bounds.get(f"relative_{loss}", "").partition(" over ")[2],
            plural=kind.plural if len(kind.columns) > 1 else "",
            is_share=kind.amount.is_share,
        )

    @property
    def losses(self) -> str:
        """Several of them, as a sentence begins with it."""
        return capitalize(f"{self.loss}{'es' if self.loss.endswith('s') else 's'}")

    def show(self, value: float | None) -> str:
        """A number that is predicted, or what is taken from one; empty if there is none."""
        if value is None:
            return ""
        return f"{value:.{DIGITS}f}" if self.is_share else round_number(value, DIGITS)

    def compare(self, old: float | None, new: float | None) -> str:
        """Old and new, or one where they read the same; empty if either is not known."""
        before, after = self.show(old), self.show(new)
        if not before or not after:
            return ""
        return after if before == after else f"{before} → {after}"

    def show_gain(self, gained: Interval | None, *, digits: int = DIGITS, sign: str = "") -> str:
        """What is gained in the loss, between its bounds, with as many digits behind the point as that needs."""
        if gained is None:
            return ""
        largest = max(abs(gained.lower), abs(gained.upper))
        if not self.is_share and largest:
            digits = min(max(digits - 1 - floor(log10(largest)), 0), 12)
        return format_interval(gained, f"{sign}.{digits}f")
