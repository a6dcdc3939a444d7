"""Which kind of shift a week shows: of the inputs, of the label's rate, or of the relation between them.

What can be told apart without knowing why: with *s* the champion's probability and *y* the label,

- **covariate shift** (the inputs moved, the relation did not): P(y|s) is as it was. Then the reference, weighted by
  how much more often the week has each score, says what share of positives and log loss to expect.
- **label shift** (the rate moved, rows of each class look as before): P(s|y) is as it was.
- **concept shift** (the relation moved): neither is.

P(y|s) stands for P(y|inputs), of which a week has too few rows. So a relation that changed without changing how
right the scores are is not seen, and an unknown cause that the inputs do not show (a storm) looks like a concept shift.
Bounds come from the champion's own weeks after its fit, as for quality.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression

from redeye.declarations.spec_rules import Drift
from redeye.models.kinds.scored_probabilities import LOG_LOSS_FLOOR
from redeye.monitoring.logic.drift_calibration import CalibratedThreshold, Thresholds, make_threshold
from redeye.monitoring.logic.drift_measures import Floats
from redeye.monitoring.logic.drift_result import TOO_FEW, ColumnDrift, Kind, Span

LABEL_COLUMN = "label"
# Scores are cut at tenths of the reference: a week has some 600 rows in each.
CURVE_BINS = 10
# A row of the reference stands for at most so many of the week, and at least for one such part of one.
HIGHEST_WEIGHT = 20.0
# Fewer rows than that, as weighted, say nothing.
MINIMUM_EFFECTIVE = 200.0


class Shift(StrEnum):
    """Kinds."""

    COVARIATE = "covariate"
    LABEL = "label"
    CONCEPT = "concept"


class Sign(StrEnum):
    """What is measured of a week with labels against the champion's reference, each larger for more change.

    - base_rate: how far the label's rate is from the reference's.
    - within_class: the larger of the two Kolmogorov-Smirnov distances of the scores of each class.
    - curve: mean distance of the label's rate at equal scores, over tenths of the reference's scores.
    - unexplained_loss: log loss beyond what the reference has with the week's mix of scores.
    - ranking: how far the AUC of the newest night is below the mean of the reference's nights. A night's level of
      lateness, by which weeks differ most, does not touch it, and there are as many nights as weeks are few.
    """

    BASE_RATE = "base_rate_change"
    WITHIN_CLASS = "within_class_ks"
    CURVE = "curve_gap"
    UNEXPLAINED_LOSS = "unexplained_log_loss"
    RANKING = "newest_night_auc_drop"

    @property
    def kind(self) -> Kind:
        """Of its row."""
        return Kind.LABEL if self in (Sign.BASE_RATE, Sign.WITHIN_CLASS) else Kind.CONCEPT


@dataclass(frozen=True)
class Signs:
    """What a week came to.

    Attributes:
        values: NaN where it cannot be said.
        rate: of the label in the week, `rate_before` in the reference.
        expected_rate: what the reference has with the week's mix of scores.
        expected_loss: likewise; `loss` is what was.
        effective_rows: how many rows the weighted reference is worth.
    """

    values: Mapping[Sign, float]
    rate: float
    rate_before: float
    expected_rate: float
    expected_loss: float
    loss: float
    effective_rows: float


def measure_signs(week: pd.DataFrame, reference: pd.DataFrame) -> Signs:
    """Measure a week by `probability` and `label`, against nights that the champion was not fitted to."""
    scores = [frame["probability"].to_numpy(dtype=np.float64) for frame in (week, reference)]
    labels = [frame["label"].to_numpy(dtype=np.float64) for frame in (week, reference)]
    nothing = float("nan")
    if min(len(each) for each in scores) == 0:
        return Signs(dict.fromkeys(Sign, nothing), nothing, nothing, nothing, nothing, nothing, 0.0)
    weights = density_ratio(scores[0], scores[1])
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    losses = [_losses(one, label) for one, label in zip(scores, labels, strict=True)]
    expected_rate = float(np.average(labels[1], weights=weights))
    expected_loss = float(np.average(losses[1], weights=weights))
    is_told = effective >= MINIMUM_EFFECTIVE
    within = [
        float(ks_2samp(scores[0][labels[0] == one], scores[1][labels[1] == one], method="asymp").statistic)
        for one in (0.0, 1.0)
        if all((each == one).any() for each in labels)
    ]
    return Signs(
        values={
            Sign.BASE_RATE: abs(float(labels[0].mean() - labels[1].mean())),
            Sign.WITHIN_CLASS: max(within) if len(within) == 2 else nothing,
            Sign.CURVE: _curve_gap(scores, labels),
            Sign.UNEXPLAINED_LOSS: float(losses[0].mean() - expected_loss) if is_told else nothing,
            Sign.RANKING: float(_rank_nights(reference).mean() - _rank_nights(week).iloc[-1]),
        },
        rate=float(labels[0].mean()),
        rate_before=float(labels[1].mean()),
        expected_rate=expected_rate,
        expected_loss=expected_loss,
        loss=float(losses[0].mean()),
        effective_rows=effective,
    )


def density_ratio(now: Floats, then: Floats) -> Floats:
    """How much more often the week has each score of the reference, from a classifier that tells the two apart."""
    rows = np.vstack([_terms(now), _terms(then)])
    is_now = np.r_[np.ones(len(now)), np.zeros(len(then))]
    odds = LogisticRegression(C=1.0, max_iter=300).fit(rows, is_now).decision_function(_terms(then))
    ratio: Floats = np.exp(odds) * len(then) / len(now)
    return np.clip(ratio, 1 / HIGHEST_WEIGHT, HIGHEST_WEIGHT)


def calibrate_shift(unseen: pd.DataFrame, rules: Drift) -> list[CalibratedThreshold]:
    """A threshold for each sign, from each week of the champion's nights after its fit against the others."""
    nights = np.sort(unseen["night"].unique())
    found: dict[Sign, list[float]] = {sign: [] for sign in Sign}
    ends = range(Span.WEEK.nights - 1, len(nights)) if len(nights) > Span.WEEK.nights else range(0)
    for end in ends:
        is_inside = unseen["night"].isin(nights[end - Span.WEEK.nights + 1 : end + 1])
        measured = measure_signs(unseen[is_inside], unseen[~is_inside])
        for sign in Sign:
            found[sign].append(measured.values[sign])
    dates = [f"{pd.Timestamp(nights[end]):%Y-%m-%d}" for end in ends]
    return [
        make_threshold(
            (LABEL_COLUMN, Span.WEEK, sign),
            sign.kind,
            np.array(values),
            dates,
            rules,
            # Each week has another newest night; of weeks that share no night there are fewer.
            independent=len(ends) if sign is Sign.RANKING else len(nights) / Span.WEEK.nights,
        )
        for sign, values in found.items()
    ]


def classify_signs(is_beyond: Mapping[Sign, bool], *, are_inputs_moved: bool) -> tuple[Shift, ...]:
    """The kinds of shift that the signs amount to, in the order of `Shift`; several may come at once."""
    found = [Shift.COVARIATE] if are_inputs_moved else []
    is_relation_moved = any(is_beyond[sign] for sign in (Sign.CURVE, Sign.UNEXPLAINED_LOSS, Sign.RANKING))
    is_class_moved = is_beyond[Sign.WITHIN_CLASS] or is_beyond[Sign.RANKING]
    if is_beyond[Sign.BASE_RATE] and not is_class_moved and is_relation_moved:
        found.append(Shift.LABEL)
    elif is_relation_moved:
        found.append(Shift.CONCEPT)
    return tuple(found)


def describe_signs(
    kinds: Iterable[Shift],
    signs: Signs,
    is_beyond: Mapping[Sign, bool],
    leading: Iterable[str],
    *,
    many: str,
    positive: str,
) -> list[str]:
    """What it looks like, one sentence per kind; first, where there are several, that they come at once.

    Args:
        kinds: of shift.
        signs: by which they were told apart.
        is_beyond: whether a sign is beyond its threshold.
        leading: the inputs that moved most.
        many: the noun for the rows.
        positive: the word for rows whose label is true.
    """
    kinds = tuple(kinds)
    reported = [f"several shifts at once: {', '.join(kinds)}"] if len(kinds) > 1 else []
    rates = f"the {positive} share went from {signs.rate_before:.1%} to {signs.rate:.1%}"
    for kind in kinds:
        match kind:
            case Shift.COVARIATE:
                reported.append(describe_covariates(leading))
            case Shift.LABEL:
                reported.append(f"label shift: {rates}, and {many} of each class have the scores they had")
            case Shift.CONCEPT:
                reported.append(
                    f"concept shift: at the same scores {signs.rate:.1%} were {positive} where "
                    f"{signs.expected_rate:.1%} were to be expected, and the log loss was {signs.loss:.3f} instead "
                    f"of {signs.expected_loss:.3f}"
                )
                if is_beyond[Sign.RANKING]:
                    reported[-1] += (
                        f", and the newest night's AUC was lower by {signs.values[Sign.RANKING]:.3f}"
                    )
    if is_beyond[Sign.BASE_RATE] and not set(kinds) & {Shift.LABEL, Shift.CONCEPT}:
        reported.append(f"{rates}, which the scores followed: {signs.expected_rate:.1%} were to be expected")
    return reported


def describe_covariates(leading: Iterable[str]) -> str:
    """That the inputs moved, and which of them most."""
    return f"covariate shift: the inputs of the week moved together, most in {', '.join(leading)}"


def shift_rows(
    signs: Signs, thresholds: Thresholds, *, rows: int, reference_rows: int
) -> dict[Sign, ColumnDrift]:
    """Rows for the table `drift`, by sign."""
    return {
        sign: ColumnDrift.of(
            (LABEL_COLUMN, Span.WEEK, sign),
            sign.kind,
            value,
            thresholds.get((LABEL_COLUMN, Span.WEEK, sign)),
            rows=rows,
            reference_rows=reference_rows,
            unknown=TOO_FEW,
        )
        for sign, value in signs.values.items()
    }


def _rank_nights(rows: pd.DataFrame) -> pd.Series:
    """The AUC of each night, in order; NaN of a night with one class only."""
    is_positive = rows["label"] > 0
    night = rows["night"].to_numpy()
    ranks = rows["probability"].groupby(night).rank().where(is_positive)
    positive = is_positive.groupby(night).sum()
    pairs = positive * (is_positive.groupby(night).size() - positive)
    return (ranks.groupby(night).sum() - positive * (positive + 1) / 2) / pairs.where(pairs > 0)


def _terms(scores: Floats) -> Floats:
    clipped = np.clip(scores, LOG_LOSS_FLOOR, 1 - LOG_LOSS_FLOOR)
    odds = np.log(clipped / (1 - clipped))
    return np.column_stack([odds, odds**2 / 4])


def _losses(scores: Floats, labels: Floats) -> Floats:
    p = np.clip(scores, LOG_LOSS_FLOOR, 1 - LOG_LOSS_FLOOR)
    losses: Floats = -np.where(labels > 0, np.log(p), np.log1p(-p))
    return losses


def _curve_gap(scores: list[Floats], labels: list[Floats]) -> float:
    edges = np.unique(np.quantile(scores[1], np.linspace(0, 1, CURVE_BINS + 1)[1:-1]))
    width = len(edges) + 1
    bins = [np.searchsorted(edges, each, side="right") for each in scores]
    rows = [np.bincount(each, minlength=width).astype(np.float64) for each in bins]
    late = [np.bincount(each, label, minlength=width) for each, label in zip(bins, labels, strict=True)]
    is_both = (rows[0] > 0) & (rows[1] > 0)
    if not is_both.any():
        return float("nan")
    gaps = np.abs(late[0][is_both] / rows[0][is_both] - late[1][is_both] / rows[1][is_both])
    return float(np.average(gaps, weights=rows[0][is_both]))
