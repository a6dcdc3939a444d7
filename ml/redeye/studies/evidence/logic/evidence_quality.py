"""What the walk through the months says about the algorithms: quality with intervals, and differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import estimate_improvement, interval

# Of these the evidence speaks; the others are in the rows for machines.
SHOWN_METRICS = ("auc", "log_loss", "calibration_error")
# What the others are held against.
REFERENCES = (HeuristicModel.algorithm, "xgboost")
# One-sided, at each bound.
CONFIDENCE = 0.95
POOLED, CHOSEN = "all", "chosen"


def measure_quality(predictions: Mapping[str, pd.DataFrame], chosen: Mapping[str, str]) -> pd.DataFrame:
    """Quality by month and over all of them, with intervals.

    `predictions` are those of `walk`, by month; the algorithm that validation put forward is judged as `chosen`.

    Returns:
        A row per month (and `all`), algorithm, metric and `against`. Where `against` is empty, the value is the
        metric itself; else it is how much better it is than that algorithm's on the same rows, positive is better.
        `lower` and `upper` each hold with 95 % confidence.
    """
    with_chosen = {
        month: rows.assign(**{CHOSEN: rows[chosen[month]].to_numpy()}) for month, rows in predictions.items()
    }
    with_chosen[POOLED] = pd.concat(list(with_chosen.values()), ignore_index=True)
    return pd.DataFrame([row for month, rows in with_chosen.items() for row in measure_span(month, rows)])


def measure_span(
    month: str, rows: pd.DataFrame, references: Sequence[str] = REFERENCES
) -> list[dict[str, Any]]:
    """Quality on some rows, of each column of probabilities, and differences from those of `references`.

    The rows have night, label, and after the label a column of probabilities per algorithm.
    """
    label, night = rows["label"].to_numpy(), rows["night"].to_numpy()
    fixed = list(rows.columns).index("label") + 1
    scored = {name: ScoredProbabilities(label, rows[name].to_numpy(), night) for name in rows.columns[fixed:]}
    common = {"month": month, "rows": len(rows), "nights": int(pd.Series(night).nunique())}
    common["base_rate"] = float(label.mean())
    found = []
    for algorithm, one in scored.items():
        mean = float(one.predictions.mean())
        for metric in SHOWN_METRICS:
            spans = {"": interval(one, metric, confidence=CONFIDENCE)}
            for other in references:
                if other in scored and other != algorithm:
                    spans[other] = estimate_improvement(one, scored[other], metric, confidence=CONFIDENCE)
            for against, span in spans.items():
                if span is not None:
                    place = {"algorithm": algorithm, "metric": metric, "against": against}
                    found.append({**common, **place, **asdict(span), "mean_prediction": mean})
    return found


def select(rows: pd.DataFrame, **where: str) -> pd.DataFrame:
    """The rows whose columns have these values."""
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def find_significant_months(
    rows: pd.DataFrame, algorithm: str, against: str, metric: str
) -> dict[str, Sequence[str]]:
    """The months in which an algorithm is significantly better or worse than another, and those with neither."""
    asked = select(rows, algorithm=algorithm, against=against, metric=metric)
    asked = asked[asked["month"] != POOLED]
    return {
        "better": list(asked.loc[asked["lower"] > 0, "month"]),
        "worse": list(asked.loc[asked["upper"] < 0, "month"]),
        "open": list(asked.loc[(asked["lower"] <= 0) & (asked["upper"] >= 0), "month"]),
    }
