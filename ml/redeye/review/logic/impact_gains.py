"""What a model trained on a change gains, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from redeye.models.logic.evaluation import Interval


@dataclass(frozen=True)
class LabelFit:
    """Models trained on one label, judged by one label: means of their seeds.

    Attributes:
        trained_on: `old` or `new`.
        judged_by: `old` or `new`.
        relative_log_loss: over that of the judging label's own base rate, so that labels of different rates can be
            held against each other; 1 is worth no more than the rate.
    """

    trained_on: str
    judged_by: str
    log_loss: float
    relative_log_loss: float
    auc: float


@dataclass(frozen=True)
class LabelDiff:
    """A label before and after, over the rows that have both."""

    rows: int
    flipped: int
    rate_old: float
    rate_new: float
    fits: tuple[LabelFit, ...]


@dataclass(frozen=True)
class Gain:
    """What models fitted on the new state gain on those fitted on the old one, in log loss by the new label.

    Attributes:
        rows: that both are judged on.
        nights: the first and the last that both are judged on.
        seeds: that each was fitted with.
        gain: mean of the seeds; its bounds take in nights and seeds, of one seed the nights alone.
        label: where the label is not the same.
    """

    model: str
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
            return (
                f"log loss {self.old:.4f} before, {self.new:.4f} after {how}; too few nights for an interval"
            )
        by = ", judged by the new label," if self.label else ""
        bounds = f"{self.gain.value:.4f} ({self.gain.lower:.4f} to {self.gain.upper:.4f})"
        return f"log loss gained {bounds}{by} {how}"


def describe_label(gain: Gain) -> Iterable[str]:
    """What becomes of a label, and whether the new one can be told as well."""
    if not (label := gain.label):
        return
    share = label.flipped / label.rows
    yield (
        f"the label of {gain.model} flips in {label.flipped:,} of {label.rows:,} rows ({share:.1%}); the share of true "
        f"ones goes from {label.rate_old:.1%} to {label.rate_new:.1%}"
    )
    own = {each.trained_on: each for each in label.fits if each.trained_on == each.judged_by}
    if len(own) == 2:
        yield (
            f"{gain.model}, each model by its own label: log loss is {own['old'].relative_log_loss:.3f} of the base "
            f"rate's with the old label and {own['new'].relative_log_loss:.3f} with the new, AUC {own['old'].auc:.3f} "
            f"and {own['new'].auc:.3f}"
        )
