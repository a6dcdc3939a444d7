"""A verdict names every reason; missing figures are a reason, not silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.core.specs import load_spec
from redeye.core.verdict import Verdict, Window, judge

RULES = load_spec(Path(__file__).parents[3] / "ml/specs/flight_delay.yaml").monitor
GOOD = {"auc": 0.70, "log_loss": 0.50, "calibration_error": 0.02}


def window(**changes: object) -> Window:
    values: dict[str, object] = {
        "rows": RULES.minimum_rows,
        "nights": 14,
        "champion": GOOD,
        "heuristic": {"auc": 0.66},
        "auc_over_heuristic": (0.02, 0.06),
        "reference": GOOD,
    }
    return Window(**{**values, **changes})  # type: ignore[arg-type]


def test_a_good_window_is_ok() -> None:
    assert judge(window(), RULES).verdict is Verdict.OK


def test_too_few_rows_are_not_judged_and_say_so() -> None:
    verdict = judge(window(rows=RULES.minimum_rows - 1, auc_over_heuristic=(-0.2, -0.1)), RULES)
    assert verdict.verdict is Verdict.OK
    assert "not judged" in verdict.reasons[0]


def test_worse_than_the_heuristic_asks_for_retraining() -> None:
    assert judge(window(auc_over_heuristic=(-0.04, -0.01)), RULES).verdict is Verdict.RETRAIN


def test_an_interval_that_holds_zero_is_no_alarm() -> None:
    assert judge(window(auc_over_heuristic=(-0.04, 0.01)), RULES).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("metric", "value", "verdict"),
    [
        ("calibration_error", 0.06, Verdict.WATCH),
        ("calibration_error", 0.09, Verdict.RETRAIN),
        ("auc", 0.67, Verdict.WATCH),
        ("auc", 0.65, Verdict.RETRAIN),
        ("log_loss", 0.54, Verdict.WATCH),
        ("log_loss", 0.57, Verdict.RETRAIN),
        ("calibration_error", float("nan"), Verdict.WATCH),
    ],
)
def test_each_bound_bites(metric: str, value: float, verdict: Verdict) -> None:
    assert judge(window(champion={**GOOD, metric: value}), RULES).verdict is verdict


def test_the_gravest_reason_comes_first_and_none_is_lost() -> None:
    verdict = judge(window(champion={"auc": 0.65, "log_loss": 0.50, "calibration_error": 0.06}), RULES)
    assert verdict.verdict is Verdict.RETRAIN
    assert len(verdict.reasons) == 2
    assert "AUC drop" in verdict.reasons[0]


def test_a_missing_comparison_is_a_reason_to_watch() -> None:
    assert judge(window(auc_over_heuristic=None), RULES).verdict is Verdict.WATCH
