"""What a model trained on a change gains, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redeye.champions.logic.readers import SHOWN
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_measures import Measures


@dataclass(frozen=True)
class LabelFit:
    """Models trained on one label, judged by one label: means of their seeds.

    Attributes:
        trained_on: `old` or `new`.
        judged_by: `old` or `new`.
        relative_loss: over that of the same said of every row, of the judging label, so that labels of different
            rates can be held against each other; 1 is worth no more than that. None if the kind has no such measure.
        others: what does not hang on the label's scale either, by title; higher is better.
    """

    trained_on: str
    judged_by: str
    loss: float
    relative_loss: float | None
    others: Mapping[str, float]


@dataclass(frozen=True)
class LabelDiff:
    """A label before and after, over the rows that have both.

    Attributes:
        changed: how many rows have another one.
        moves: what it comes to by the old and by the new one, in words: `the share of true ones`, `the mean`.
        is_flag: whether it is true or false.
        is_share: whether what it comes to is a share.
    """

    rows: int
    changed: int
    moves: Mapping[str, tuple[float, float]]
    is_flag: bool
    is_share: bool
    fits: tuple[LabelFit, ...]


@dataclass(frozen=True)
class Gain:
    """What models fitted on the new state gain on those fitted on the old one, in the kind's loss by the new label.

    Attributes:
        rows: that both are judged on.
        nights: the first and the last that both are judged on.
        seeds: that each was fitted with.
        gain: mean of the seeds; its bounds take in nights and seeds, of one seed the nights alone.
        label: where the label is not the same.
    """

    model: str
    measures: Measures
    algorithm: str
    rows: int
    nights: str
    seeds: int
    old: float
    new: float
    gain: Interval | None
    label: LabelDiff | None
    seconds: float

    @property
    def is_worse(self) -> bool:
        """Whether it is by its whole interval; one seed cannot tell."""
        return self.seeds > 1 and self.gain is not None and self.gain.upper < 0

    def __str__(self) -> str:
        """What may be said of it."""
        seeds = f"{self.seeds} seeds" if self.seeds > 1 else "one seed, whose own chance the bounds leave out"
        how = f"on {self.rows:,} rows of {self.nights} by {self.algorithm} with {seeds}"
        if self.gain is None:
            old, new = (self.measures.show(each) for each in (self.old, self.new))
            return f"{self.measures.loss} {old} before, {new} after {how}; too few nights for an interval"
        by = ", judged by the new label," if self.label else ""
        return f"{self.measures.loss} gained {self.measures.show_gain(self.gain)}{by} {how}"


def describe_label(gain: Gain) -> Iterable[str]:
    """What becomes of a label, and whether the new one can be told as well."""
    if not (label := gain.label):
        return
    share = label.changed / label.rows
    verb = "flips" if label.is_flag else "is another"
    farthest = sorted(label.moves.items(), key=lambda each: -abs(each[1][1] - each[1][0]))[:SHOWN]
    show = "{:.1%}".format if label.is_share else gain.measures.show
    moves = ", ".join(f"{name} goes from {show(old)} to {show(new)}" for name, (old, new) in farthest)
    yield f"the label of {gain.model} {verb} in {label.changed:,} of {label.rows:,} rows ({share:.1%}); {moves}"
    own = {each.trained_on: each for each in label.fits if each.trained_on == each.judged_by}
    if len(own) == 2 and own["old"].relative_loss is not None:
        before, after = own["old"], own["new"]
        others = "".join(
            f", {name} {value:.3f} and {after.others[name]:.3f}" for name, value in before.others.items()
        )
        yield (
            f"{gain.model}, each model by its own label: {gain.measures.loss} is {before.relative_loss:.3f} of "
            f"{gain.measures.base} with the old label and {after.relative_loss:.3f} with the new{others}"
        )
