"""What a spec may demand of a candidate and of a champion: every bound, on both of its sides."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from redeye.declarations.spec_rules import Drift, Retraining, Rollback, Slices, Threshold
from redeye.models.kinds.binary_spec import BinaryGates, BinaryMonitor

GATES = {
    "primary_metric": "log_loss",
    "minimum_improvement": 0.0,
    "confidence": 0.95,
    "bootstrap_samples": 200,
    "maximum_auc_drop": 0.005,
    "maximum_calibration_error": 0.1,
    "minimum_spread": 0.02,
    "minimum_rows": 5000,
    "minimum_nights": 14,
}
RETRAINING = {"persistence_nights": 3, "of_nights": 5, "cooldown_nights": 14, "budget_per_month": 1}
LIMIT = {"warning": 0.1, "critical": 0.2}
MONITOR = {
    "window_nights": 21,
    "minimum_rows": 4000,
    "quality": {"auc_drop": LIMIT, "relative_log_loss": LIMIT, "calibration_error": LIMIT},
    "maximum_degraded_share": 0.05,
    "maximum_age_nights": 90,
    "retraining": RETRAINING,
}
GOOD: dict[type[BaseModel], dict[str, Any]] = {
    Slices: {},
    BinaryGates: GATES,
    Threshold: LIMIT,
    Retraining: RETRAINING,
    Rollback: {},
    Drift: {},
    BinaryMonitor: MONITOR,
}
BELOW, ABOVE = 1e-9, 1 + 1e-9


@pytest.mark.parametrize(
    ("kind", "key", "allowed", "refused"),
    [
        (Slices, "minimum_rows", [1], [0]),
        (Slices, "maximum_loss", [0], [-BELOW]),
        (
            BinaryGates,
            "primary_metric",
            ["log_loss", "brier", "auc", "pr_auc"],
            ["calibration_error", "loss"],
        ),
        (BinaryGates, "minimum_improvement", [0], [-BELOW]),
        (BinaryGates, "confidence", [0.5 + BELOW, 1 - BELOW], [0.5, 1]),
        (BinaryGates, "bootstrap_samples", [100], [99]),
        (BinaryGates, "maximum_auc_drop", [0, 1], [-BELOW, ABOVE]),
        (BinaryGates, "maximum_calibration_error", [0, 1], [-BELOW, ABOVE]),
        (BinaryGates, "maximum_auc", [0, 1], [-BELOW, ABOVE]),
        (BinaryGates, "minimum_spread", [BELOW], [0]),
        (BinaryGates, "minimum_rows", [1], [0]),
        (BinaryGates, "minimum_nights", [2], [1]),
        (BinaryGates, "maximum_seconds", [BELOW], [0]),
        (BinaryGates, "maximum_megabytes", [BELOW], [0]),
        (Threshold, "warning", [0, 0.2], [-BELOW, 0.2 + BELOW]),
        (Threshold, "critical", [0.1], [0.1 - BELOW]),
        (Retraining, "persistence_nights", [1, 5], [0, 6]),
        (Retraining, "of_nights", [3], [2]),
        (Retraining, "cooldown_nights", [0], [-1]),
        (Retraining, "budget_per_month", [1], [0]),
        (Rollback, "persistence_nights", [1, 5], [0, 6]),
        (Rollback, "of_nights", [3], [2]),
        (Rollback, "rescoring_nights", [0], [-1]),
        (Drift, "quantile", [0.5 + BELOW, 1], [0.5, ABOVE]),
        (Drift, "margin", [1], [1 - BELOW]),
        (Drift, "minimum_share", [0, 1], [-BELOW, ABOVE]),
        (Drift, "maximum_excess", [ABOVE], [1]),
        (Drift, "minimum_rows", [1], [0]),
        (Drift, "minimum_week_nights", [1, 7], [0, 8]),
        (Drift, "maximum_categories", [2], [1]),
        (BinaryMonitor, "window_nights", [1], [0]),
        (BinaryMonitor, "minimum_rows", [1], [0]),
        (BinaryMonitor, "maximum_degraded_share", [0, 1], [-BELOW, ABOVE]),
        (BinaryMonitor, "maximum_age_nights", [1], [0]),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else value if isinstance(value, str) else "",
)
def test_each_bound_holds_on_both_of_its_sides(
    kind: type[BaseModel], key: str, allowed: list[Any], refused: list[Any]
):
    for value in allowed:
        assert getattr(kind.model_validate({**GOOD[kind], key: value}), key) == value
    for value in refused:
        with pytest.raises(ValidationError):
            kind.model_validate({**GOOD[kind], key: value})


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)
def test_a_key_that_is_none_is_refused(kind: type[BaseModel]):
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        kind.model_validate({**GOOD[kind], "another": 1})


def test_what_no_training_could_come_of_is_refused_with_the_reason():
    with pytest.raises(
        ValidationError, match=r"persistence_nights \(3\) is above of_nights \(2\): no training"
    ):
        Retraining(**{**RETRAINING, "of_nights": 2})
    with pytest.raises(ValidationError, match=r"persistence_nights \(3\) is above of_nights \(2\): no model"):
        Rollback(of_nights=2)
    with pytest.raises(ValidationError, match=r"critical \(0.1\) is below warning \(0.2\)"):
        Threshold(warning=0.2, critical=0.1)


def test_a_threshold_is_read_by_the_keys_of_before_and_written_by_them():
    old = {"watch": 0.1, "act": 0.2}
    assert Threshold.model_validate(old) == Threshold(warning=0.1, critical=0.2)
    assert Threshold(warning=0.1, critical=0.2).model_dump(by_alias=True) == old


def test_a_spec_that_says_nothing_of_slices_rollbacks_and_drift_gets_these():
    gates, monitor = BinaryGates.model_validate(GATES), BinaryMonitor.model_validate(MONITOR)
    assert gates.slices == Slices(columns=(), minimum_rows=400, maximum_loss=0.02)
    assert (gates.maximum_auc, gates.maximum_seconds, gates.maximum_megabytes) == (0.95, 5, 100)
    assert monitor.rollback == Rollback(persistence_nights=3, of_nights=5, rescoring_nights=42)
    assert monitor.drift == Drift(
        quantile=0.98,
        margin=1.25,
        minimum_share=0.05,
        maximum_excess=8,
        minimum_rows=200,
        minimum_week_nights=6,
        maximum_categories=20,
    )
