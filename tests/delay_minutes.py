"""A spec of another kind on the same flights: by how many minutes each will be late, between two bounds."""

from __future__ import annotations

from pathlib import Path

from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.settings import PROJECT_ROOT

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


def make_spec(folder: Path, *more: tuple[str, str]) -> Spec:
    """The spec itself."""
    return load_spec(write_spec(folder, *more))
