"""Whether a week's inputs, taken together, come from elsewhere than what the champion learned from.

Columns one by one miss what moves between them. Two tests on bounded samples look at all of them:

- a classifier two-sample test (Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests"): how well a
  logistic regression tells the week's rows from the reference's, as AUC. Nights are held out whole: it must
  know rows of nights it has not seen, not the nights themselves.
- the maximum mean discrepancy (Gretton et al. 2012, "A kernel two-sample test"), unbiased, with a Gaussian
  kernel as wide as the median distance.

Rows of one night are no independent draws, so permuting rows would call every week a shift. The null is what other
weeks of clean history come to: each takes the place of the live one, as for the columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial.distance import pdist
from scipy.stats import norm
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.drift_calibration import CalibratedThreshold, Thresholds, make_threshold
from redeye.monitoring.logic.drift_measures import Floats
from redeye.monitoring.logic.drift_result import ColumnDrift, Kind, Span

COLUMN = "inputs"
CLASSIFIER, DISCREPANCY = "c2st_auc", "mmd"
STATISTICS = (CLASSIFIER, DISCREPANCY)
# Bounds of the samples: a week is seven times the first, the reference twice a week.
ROWS_PER_NIGHT = 100
REFERENCE_ROWS = 1400
KERNEL_ROWS = 500
CALIBRATION_WINDOWS = 30
FOLDS = 4
QUANTILES = 100
CATEGORIES = 12
# So strong that 80 inputs of some thousand rows are not learned by heart.
REGULARIZATION = 0.001
# A perfect separation has no finite distance.
HIGHEST_AUC = 0.9999
NAMED = 4
SEED = 11


@dataclass(frozen=True)
class Joint:
    """What the tests came to; NaN where there were too few nights.

    Attributes:
        leading: the inputs by which the classifier tells most, the first the most.
    """

    auc: float
    discrepancy: float
    leading: tuple[str, ...]

    def of(self, statistic: str) -> float:
        """One of `STATISTICS`."""
        return self.auc if statistic == CLASSIFIER else self.discrepancy


def sample_rows(frame: pd.DataFrame, *, key: str) -> pd.DataFrame:
    """At most `ROWS_PER_NIGHT` rows of each night, by the hash of their key: the same in any order of rows."""
    order = pd.util.hash_pandas_object(frame[key].astype(str), index=False).to_numpy()
    return frame.iloc[np.argsort(order, kind="stable")].groupby("night", sort=True).head(ROWS_PER_NIGHT)


def select_usable(reference: pd.DataFrame, numeric: Mapping[str, bool]) -> dict[str, bool]:
    """The inputs that differ within nights: with few nights, the others only tell the date."""
    grouped = reference.groupby("night")
    return {
        name: is_numeric
        for name, is_numeric in numeric.items()
        if name in reference.columns and bool((grouped[name].nunique(dropna=False) > 1).any())
    }


def measure_joint(
    current: pd.DataFrame, reference: pd.DataFrame, numeric: Mapping[str, bool], *, is_explained: bool = True
) -> Joint:
    """Both tests on rows with `night`.

    Args:
        current: the week's rows.
        reference: the rows to tell them from.
        numeric: the inputs, and whether each is a number.
        is_explained: name the inputs by which the classifier tells most, which takes a fit to all rows.
    """
    nights = (current["night"].nunique(), reference["night"].nunique())
    inputs = [name for name in numeric if name in current.columns and current[name].notna().any()]
    inputs = [name for name in inputs if reference[name].notna().any()]
    if min(nights) < FOLDS or not inputs:
        return Joint(float("nan"), float("nan"), ())
    drawn = reference.sample(min(REFERENCE_ROWS, len(reference)), random_state=SEED)
    encoder = _encoder(inputs, numeric)
    then = _encode(encoder.fit(_plain(drawn, inputs, numeric)), drawn, inputs, numeric)
    now = _encode(encoder, current, inputs, numeric)
    rows = np.vstack([now, then])
    is_current = np.r_[np.ones(len(now)), np.zeros(len(then))]
    group = pd.factorize(
        np.r_[current["night"].astype(str).to_numpy() + " now", drawn["night"].astype(str).to_numpy()]
    )[0]
    reported = np.full(len(rows), np.nan)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    for learned, held in folds.split(rows, is_current, group):
        reported[held] = _classifier().fit(rows[learned], is_current[learned]).decision_function(rows[held])
    leading: tuple[str, ...] = ()
    if is_explained:
        leading = _rank_inputs(encoder, np.abs(_classifier().fit(rows, is_current).coef_[0]))
    auc = float(roc_auc_score(is_current, reported))
    return Joint(auc, discrepancy=_discrepancy(now, then), leading=leading)


def calibrate_joint(
    reference: pd.DataFrame, numeric: Mapping[str, bool], rules: Drift
) -> list[CalibratedThreshold]:
    """A threshold for each statistic from the reference's own weeks, each against the nights outside of it.

    An AUC is held against them as the distance of two normal distributions in standard deviations, since it cannot
    pass 1.
    """
    measured = list(_replay(reference, numeric))
    dates = [night for night, _ in measured]
    found = []
    for statistic in STATISTICS:
        values = np.array([joint.of(statistic) for _, joint in measured])
        place, is_area = (COLUMN, Span.WEEK, statistic), statistic == CLASSIFIER
        # AUC = Phi(d / sqrt 2) of two normal distributions that lie d standard deviations apart.
        apart = norm.ppf(np.clip(values, 1 - HIGHEST_AUC, HIGHEST_AUC)) if is_area else values
        independent = min(reference["night"].nunique() / Span.WEEK.nights, len(values))
        limit = make_threshold(place, Kind.JOINT, apart, dates, rules, independent=independent)
        if is_area:
            quantile, highest, threshold = (
                min(float(norm.cdf(each)), HIGHEST_AUC)
                for each in (limit.quantile_value, limit.highest, limit.threshold)
            )
            limit = replace(limit, quantile_value=quantile, highest=highest, threshold=threshold)
        found.append(limit)
    return found


def joint_rows(
    joint: Joint, thresholds: Thresholds, *, rows: int, reference_rows: int, note: str = ""
) -> list[ColumnDrift]:
    """Rows for the table `drift`; not measured, they say why in `note`."""
    return [
        ColumnDrift.of(
            (COLUMN, Span.WEEK, statistic),
            Kind.JOINT,
            joint.of(statistic),
            thresholds.get((COLUMN, Span.WEEK, statistic)),
            rows=rows,
            reference_rows=reference_rows,
            note=", ".join(joint.leading),
            unknown=note or "too few nights",
        )
        for statistic in STATISTICS
    ]


def _replay(reference: pd.DataFrame, numeric: Mapping[str, bool]) -> Iterator[tuple[str, Joint]]:
    nights = np.sort(reference["night"].unique())
    ends = np.arange(Span.WEEK.nights - 1, len(nights))
    if len(ends) > CALIBRATION_WINDOWS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, CALIBRATION_WINDOWS).astype(int))]
    for end in ends:
        is_inside = reference["night"].isin(nights[end - Span.WEEK.nights + 1 : end + 1])
        inside, outside = reference[is_inside], reference[~is_inside]
        if outside["night"].nunique() >= 2 * Span.WEEK.nights:
            inside = inside.groupby("night", sort=True).head(ROWS_PER_NIGHT)
            yield (
                f"{pd.Timestamp(nights[end]):%Y-%m-%d}",
                measure_joint(inside, outside, numeric, is_explained=False),
            )


def _classifier() -> LogisticRegression:
    # Many rows and some hundred columns: Newton takes half the time of the default, for AUCs equal to four digits.
    return LogisticRegression(C=REGULARIZATION, class_weight="balanced", solver="newton-cholesky")


def _encoder(inputs: list[str], numeric: Mapping[str, bool]) -> ColumnTransformer:
    """Numbers as their rank in the reference, so that no scale weighs; categories as columns of their own."""
    ranks = make_pipeline(
        QuantileTransformer(n_quantiles=QUANTILES, random_state=SEED),
        SimpleImputer(strategy="constant", fill_value=0.5, add_indicator=True),
    )
    names = OneHotEncoder(
        max_categories=CATEGORIES, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    return ColumnTransformer(
        [
            ("number", ranks, [name for name in inputs if numeric[name]]),
            ("category", names, [name for name in inputs if not numeric[name]]),
        ]
    )


def _plain(frame: pd.DataFrame, inputs: list[str], numeric: Mapping[str, bool]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            if numeric[name]
            else frame[name].astype(object).where(frame[name].notna(), "").astype(str).to_numpy()
            for name in inputs
        }
    )


def _encode(
    encoder: ColumnTransformer, frame: pd.DataFrame, inputs: list[str], numeric: Mapping[str, bool]
) -> Floats:
    # An even distribution on 0 to 1 has standard deviation 1 / sqrt 12.
    encoded: Floats = np.asarray(encoder.transform(_plain(frame, inputs, numeric)), dtype=np.float64)
    return encoded * np.sqrt(12)


def _discrepancy(now: Floats, then: Floats) -> float:
    every = [rows[_space_evenly(len(rows), KERNEL_ROWS)] for rows in (now, then)]
    width = float(np.median(pdist(every[1], "sqeuclidean")))
    if width <= 0:
        return float("nan")
    kernels = [rbf_kernel(a, b, gamma=1 / width) for a, b in ((every[0],) * 2, (every[1],) * 2, every)]
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in kernels[:2]]
    return float(within[0] + within[1] - 2 * kernels[2].mean())


def _space_evenly(count: int, most: int) -> npt.NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _rank_inputs(encoder: ColumnTransformer, weights: Floats) -> tuple[str, ...]:
    """Inputs by the sum of the weights of their columns."""
    total: dict[str, float] = {}
    names: list[Any] = list(encoder.get_feature_names_out())
    inputs = sorted((name for _, _, some in encoder.transformers_ for name in some), key=len, reverse=True)
    for name, weight in zip(names, weights, strict=True):
        plain = str(name).split("__", 1)[1].removeprefix("missingindicator_")
        owner = next(each for each in inputs if plain == each or plain.startswith(f"{each}_"))
        total[owner] = total.get(owner, 0.0) + float(weight)
    return tuple(sorted(total, key=lambda each: (-total[each], each))[:NAMED])
