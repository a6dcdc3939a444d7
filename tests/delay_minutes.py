"""A spec of another kind on the same flights, by how many minutes each will be late, and rows to learn it from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.settings import PROJECT_ROOT
from redeye.models.algorithms.base import Examples, Inputs

MODEL, COLUMN = "flight_lateness", "arrival_delay_minutes"
_CHANGES = (
    ("model: flight_delay", f"model: {MODEL}"),
    ("  column: is_late\n  kind: binary\n", f"  column: {COLUMN}\n  kind: regression\n  integer: true\n"),
    (
        "    successes: carrier_origin_hour_delays:late_flights_all\n"
        "    trials: carrier_origin_hour_delays:flights_all\n",
        "    groups: [origin_id, carrier_id]\n",
    ),
    ("  primary_metric: log_loss\n", "  primary_metric: pinball_loss\n"),
    ("  continued: {learning_rate_share: 0.5, minimum_nights: 7}\n", ""),
    ("average_of: [xgboost, torch]", "average_of: [xgboost, xgboost_recent]"),
    (
        "[average, xgboost, torch, continued, xgboost_recent, logistic, heuristic]",
        "[average, xgboost, xgboost_recent, heuristic]",
    ),
    ("    maximum_loss: 0.02 ", "    maximum_loss: 1.0 "),
)
# Between the first of these words and the second.
_BLOCKS = (
    ("  logistic:\n", "  xgboost:\n", ""),
    ("  torch:  ", "# Beside one refit", ""),
    ("  maximum_auc_drop:", "  minimum_spread:", "  maximum_coverage_error: 0.05\n"),
    (
        "    auc_drop:",
        "  maximum_degraded_share:",
        "    relative_pinball_loss: {warning: 0.97, critical: 1.0}\n"
        "    coverage_error: {warning: 0.05, critical: 0.10}\n",
    ),
)


def write_spec(folder: Path, *more: tuple[str, str]) -> Path:
    """The spec's file, made of that of the flights' first model, with further changes."""
    text = (PROJECT_ROOT / "ml" / "specs" / "flight_delay.yaml").read_text(encoding="utf-8")
    for begin, end, instead in _BLOCKS:
        first = text.index(begin)
        text = text[:first] + instead + text[text.index(end, first) :]
    for old, new in (*_CHANGES, *more):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / f"{MODEL}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def write_variant(folder: Path, model: str, changes: Iterable[tuple[str, str]]) -> Path:
    """The file of another model's spec, made of this one's by changes that each have one place."""
    first = write_spec(folder)
    text = first.read_text(encoding="utf-8")
    first.unlink()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / f"{model}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def make_spec(folder: Path, *more: tuple[str, str]) -> Spec:
    """The spec itself."""
    return load_spec(write_spec(folder, *more))


INPUTS = Inputs(("signal",), ("origin_id", "carrier_id"))


def make_rows(seed: int, rows: int = 3000, *, is_whole: bool = True) -> Examples:
    """Minutes that follow a signal and an airport, and are less sure of one carrier."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "signal": np.where(random.random(rows) < 0.05, np.nan, random.normal(size=rows)),
            "origin_id": random.choice(["EWR", "JFK"], rows),
            "carrier_id": random.choice(["AA", "B6", None], rows),
        }
    )
    middle = 10 * frame["signal"].fillna(0) + 8 * (frame["origin_id"] == "EWR")
    labels = middle.to_numpy() + random.normal(size=rows) * np.where(frame["carrier_id"] == "B6", 12, 4)
    return Examples(frame, np.rint(labels) if is_whole else labels)
