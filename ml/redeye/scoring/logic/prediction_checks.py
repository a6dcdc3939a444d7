"""Columns that judge a night's predictions as a whole: completeness, order, spread, one lineage."""

from __future__ import annotations

import pandas as pd

from redeye.declarations.subject import Subject

LINEAGE = ("release_id", "model_version", "algorithm", "feature_service", "run_id")


def derive_predictions(frame: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """The checks of a night's typed predictions with `scheduled_rows`; what concerns all is the same on each row."""
    rows, probability, rank = len(frame), frame["probability"], frame["rank"]
    # Equal probabilities share the places from `first` to `last`; any order among them is right.
    first, last = (
        probability.rank(method="min", ascending=False),
        probability.rank(method="max", ascending=False),
    )
    reason = frame["degraded_reason"].fillna("") != ""
    is_degraded = frame["is_degraded"].astype("boolean").fillna(False).astype(bool)
    return frame.assign(
        days_ahead=(frame[subject.day] - frame["night"]).dt.days,
        rows_missing=frame["scheduled_rows"] - rows,
        rank_error=(first - rank).clip(lower=0) + (rank - last).clip(lower=0),
        rank_beyond_rows=(1 - rank).clip(lower=0) + (rank - rows).clip(lower=0),
        same_probabilities=probability.groupby(probability).transform("size") / rows if rows > 1 else 0.0,
        mean_probability=probability.mean(),
        spread_probability=probability.std(ddof=0),
        lineages=sum(frame[column].nunique(dropna=False) - 1 for column in LINEAGE),
        is_unexplained=(is_degraded != reason).astype("int64"),
    )
