"""A spec of another kind on the same flights, which of an airport's come first, and rows to learn it from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from delay_minutes import write_variant

from redeye.declarations.specs import Spec, load_spec
from redeye.models.algorithms.base import Examples
from redeye.models.kinds.orders.scored_orders import ScoredOrders

MODEL, COLUMN, CUT = "flight_order", "minutes_lost", 5
FIRST, PER_NIGHT = np.datetime64("2013-01-01"), 40
_CHANGES = (
    ("model: flight_lateness", f"model: {MODEL}"),
    (
        "  column: arrival_delay_minutes\n  kind: regression\n  integer: true\n",
        f"  column: {COLUMN}\n  kind: ranking\n  group: [origin_id]\n  cut: {CUT}\n",
    ),
    (
        "  xgboost:\n",
        "  logistic: {regularization: 1.0, maximum_iterations: 300, maximum_categories: 20}\n  xgboost:\n",
    ),
    ("  average_of: [xgboost, xgboost_recent]\n", "  average_of: [xgboost, logistic]\n"),
    (
        "[average, xgboost, xgboost_recent, heuristic]",
        "[average, xgboost, xgboost_recent, logistic, heuristic]",
    ),
    ("  primary_metric: pinball_loss\n", "  primary_metric: ndcg_loss\n"),
    ("  maximum_coverage_error: 0.05\n", ""),
    ("    maximum_loss: 1.0 ", "    maximum_loss: 0.05 "),
    ("    relative_pinball_loss:", "    relative_ndcg_loss:"),
    ("    coverage_error: {warning: 0.05, critical: 0.10}\n", ""),
)


def write_spec(folder: Path, *more: tuple[str, str]) -> Path:
    """The spec's file, with further changes."""
    return write_variant(folder, MODEL, (*_CHANGES, *more))


def make_spec(folder: Path, *more: tuple[str, str]) -> Spec:
    """The spec itself."""
    return load_spec(write_spec(folder, *more))


def make_rows(seed: int, rows: int = 4000, strength: float = 1.0) -> Examples:
    """Amounts, many of them 0, that follow a signal and a carrier; a night has forty rows of two airports.

    What a night and its airports have in common says nothing of their order. `strength` of 0 leaves only that.
    """
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "signal": np.where(random.random(rows) < 0.05, np.nan, random.normal(size=rows)),
            "origin_id": random.choice(["EWR", "JFK"], rows),
            "carrier_id": random.choice(["AA", "B6", None], rows),
            "night": FIRST + np.arange(rows) // PER_NIGHT,
        }
    )
    nights = random.normal(size=rows // PER_NIGHT + 1)[np.arange(rows) // PER_NIGHT]
    size = strength * (frame["signal"].fillna(0) + (frame["carrier_id"] == "B6")).to_numpy()
    labels = np.exp(size + nights + 0.5 * random.normal(size=rows)) - 1.0
    return Examples(frame, np.clip(labels, 0.0, 30.0))


def make_nights(
    seed: int, *, nights: int = 28, rows: int = 60, correlation: float = 0.0, blur: float = 1.0
) -> tuple[ScoredOrders, ScoredOrders]:
    """Two models that are equally good, and as often better as worse than each other by night.

    How well each sees the rows of a night differs, and follows how well it saw those of the night before.
    """
    random = np.random.default_rng(seed)
    shared = np.zeros((2, nights))
    for night in range(nights):
        fresh = random.normal(size=2)
        shared[:, night] = (
            correlation * shared[:, night - 1] + np.sqrt(1 - correlation**2) * fresh if night else fresh
        )
    of_row = np.arange(nights).repeat(rows)
    labels = np.maximum(random.gumbel(size=len(of_row)), 0.0)
    told = [labels + blur * np.exp(0.5 * each[of_row]) * random.normal(size=len(of_row)) for each in shared]
    days, groups = FIRST + of_row, random.integers(0, 3, len(of_row))
    one, other = (ScoredOrders(labels, each, days, groups, CUT) for each in told)
    return one, other
