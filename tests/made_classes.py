"""A spec of another kind on the same flights, by which of four things becomes of each, and rows to learn it from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from delay_minutes import INPUTS, write_variant

from redeye.declarations.specs import Spec, load_spec
from redeye.models.algorithms.base import Examples
from redeye.models.kinds.classes.scored_classes import ScoredClasses

MODEL, COLUMN = "flight_fate", "fate"
CLASSES = ("cancelled", "on time", "late", "very late")
COLUMNS = tuple(f"probability_{name.replace(' ', '_')}" for name in CLASSES)
_CHANGES = (
    ("model: flight_lateness", f"model: {MODEL}"),
    (
        "  column: arrival_delay_minutes\n  kind: regression\n  integer: true\n",
        f"  column: {COLUMN}\n  kind: multiclass\n  classes: [{', '.join(CLASSES)}]\n",
    ),
    (
        "  xgboost:\n",
        "  logistic: {regularization: 1.0, maximum_iterations: 300, maximum_categories: 20}\n"
        "  torch: {pieces: 4, embedding: 2, hidden: 16, layers: 1, dropout: 0.0, column_dropout: 0.0, "
        "category_dropout: 0.1, learning_rate: 0.01, weight_decay: 0.0, batch_rows: 256, maximum_epochs: 15, "
        "evaluations_per_epoch: 1, patience: 4}\n  xgboost:\n",
    ),
    ("average_of: [xgboost, xgboost_recent]", "average_of: [xgboost, logistic]"),
    (
        "[average, xgboost, xgboost_recent, heuristic]",
        "[average, xgboost, xgboost_recent, torch, logistic, heuristic]",
    ),
    ("  primary_metric: pinball_loss\n", "  primary_metric: log_loss\n"),
    ("  maximum_coverage_error: 0.05\n", "  maximum_calibration_error: 0.05\n"),
    ("    maximum_loss: 1.0 ", "    maximum_loss: 0.05 "),
    ("    relative_pinball_loss:", "    relative_log_loss:"),
    ("    coverage_error:", "    calibration_error:"),
)


def write_spec(folder: Path, *more: tuple[str, str]) -> Path:
    """The spec's file, with further changes."""
    return write_variant(folder, MODEL, (*_CHANGES, *more))


def make_spec(folder: Path, *more: tuple[str, str]) -> Spec:
    """The spec itself."""
    return load_spec(write_spec(folder, *more))


def make_rows(seed: int, rows: int = 3000, strength: float = 1.0) -> Examples:
    """Classes that follow a signal, an airport and a carrier; `strength` of 0 leaves only their shares."""
    chances, frame = _draw(seed, rows, strength)
    random = np.random.default_rng(seed + 10_000)
    labels = (random.random((rows, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return Examples(frame, np.minimum(labels, len(CLASSES) - 1).astype(np.float64))


def find_chances(seed: int, rows: int = 3000, strength: float = 1.0) -> np.ndarray:
    """The true probabilities of `make_rows`."""
    return _draw(seed, rows, strength)[0]


def _draw(seed: int, rows: int, strength: float) -> tuple[np.ndarray, pd.DataFrame]:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "signal": np.where(random.random(rows) < 0.05, np.nan, random.normal(size=rows)),
            "origin_id": random.choice(["EWR", "JFK"], rows),
            "carrier_id": random.choice(["AA", "B6", None], rows),
        }
    )
    signal = frame["signal"].fillna(0).to_numpy()
    scores = strength * np.column_stack(
        [
            0.8 * signal**2 - 1.5,
            1.5 - signal,
            0.9 * signal + (frame["origin_id"] == "EWR"),
            1.4 * signal + (frame["carrier_id"] == "B6") - 0.5,
        ]
    )
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True), frame


def make_nights(
    seed: int, *, nights: int = 28, rows: int = 100, correlation: float = 0.0, blur: float = 0.0
) -> tuple[ScoredClasses, ScoredClasses]:
    """Two models that are equally good, and as often better as worse than each other by night.

    Labels are drawn by the true probabilities of the rows, which nights share a part of. What a night has in common
    follows the night before. Each model sees them through a noise of its own, also shared by the rows of a night.
    """
    random = np.random.default_rng(seed)
    count, shared = len(CLASSES), np.zeros((3, nights, len(CLASSES)))
    for night in range(nights):
        fresh = random.normal(size=(3, count))
        before = shared[:, night - 1] if night else fresh
        shared[:, night] = correlation * before + np.sqrt(1 - correlation**2) * fresh if night else fresh
    of_row = np.arange(nights).repeat(rows)
    scores = random.normal(size=(len(of_row), count)) + 0.3 * shared[0][of_row]
    told = [
        scores,
        *(scores + blur * (random.normal(size=scores.shape) + each[of_row]) for each in shared[1:]),
    ]
    true, one, other = (np.exp(each) / np.exp(each).sum(axis=1, keepdims=True) for each in told)
    labels = (random.random((len(of_row), 1)) > true.cumsum(axis=1)).sum(axis=1).clip(max=count - 1)
    days = np.datetime64("2013-01-01") + of_row
    return ScoredClasses(labels, one, days, CLASSES), ScoredClasses(labels, other, days, CLASSES)


__all__ = ["INPUTS"]
