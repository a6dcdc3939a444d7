"""Two-sample tests of all inputs: a shift of the joint distribution is found, the same distribution is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from redeye.declarations.spec_rules import Drift
from redeye.monitoring.logic.drift_calibration import read_thresholds, tabulate
from redeye.monitoring.logic.drift_result import Span
from redeye.monitoring.logic.joint_drift import (
    CLASSIFIER,
    COLUMN,
    DISCREPANCY,
    calibrate_joint,
    joint_rows,
    measure_joint,
    sample_rows,
    select_usable,
)

NUMERIC = {"a": True, "b": True, "weather": True, "carrier": False}
PER_NIGHT = 60


def nights(seed: int, count: int, *, first: str = "2013-01-01", correlation: float = 0.0) -> pd.DataFrame:
    """Two inputs, weather that differs from night to night, and a carrier."""
    rng = np.random.default_rng(seed)
    rows = count * PER_NIGHT
    a = rng.normal(size=rows)
    b = correlation * a + np.sqrt(1 - correlation**2) * rng.normal(size=rows)
    return pd.DataFrame(
        {
            "flight_id": [f"{seed}-{n}" for n in range(rows)],
            "night": np.repeat(pd.date_range(first, periods=count), PER_NIGHT),
            "a": a,
            "b": np.where(rng.random(rows) < 0.05, np.nan, b),
            "weather": np.repeat(rng.normal(size=count), PER_NIGHT) + rng.normal(scale=0.3, size=rows),
            "weekday": np.repeat(np.arange(count) % 7, PER_NIGHT).astype(float),
            "carrier": rng.choice(["AA", "B6", "DL"], rows),
        }
    )


REFERENCE = nights(0, 42)
CALIBRATED = calibrate_joint(REFERENCE, NUMERIC, Drift())
THRESHOLDS = read_thresholds(tabulate(CALIBRATED))


def drifted(week: pd.DataFrame) -> dict[str, bool]:
    joint = measure_joint(week, REFERENCE, NUMERIC)
    found = joint_rows(joint, THRESHOLDS, rows=len(week), reference_rows=len(REFERENCE))
    return {each.statistic: each.is_drifted for each in found}


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_week_like_the_others_is_no_shift(seed: int) -> None:
    assert drifted(nights(seed, 7, first="2013-03-01")) == {CLASSIFIER: False, DISCREPANCY: False}


def test_a_shift_of_one_input_is_found_and_named() -> None:
    week = nights(9, 7, first="2013-03-01").assign(a=lambda frame: frame["a"] + 3)
    # Ranks in the reference saturate, so that one input in four takes the classifier no further than an AUC of 0.91,
    # which six weeks of history do not rule out.
    assert drifted(week)[DISCREPANCY]
    assert measure_joint(week, REFERENCE, NUMERIC).leading[0] == "a"


def test_a_dependence_that_no_single_column_shows_is_found() -> None:
    both = {"a": True, "b": True}
    thresholds = read_thresholds(tabulate(calibrate_joint(REFERENCE, both, Drift())))
    limit = thresholds[COLUMN, Span.WEEK, DISCREPANCY]
    week = nights(9, 7, first="2013-03-01", correlation=0.9)
    assert measure_joint(week, REFERENCE, both).discrepancy > 3 * limit
    assert measure_joint(nights(9, 7, first="2013-03-01"), REFERENCE, both).discrepancy < limit


def test_a_recoded_category_is_found() -> None:
    week = nights(9, 7, first="2013-03-01").assign(carrier="XX")
    assert drifted(week)[CLASSIFIER]
    assert measure_joint(week, REFERENCE, NUMERIC).leading[0] == "carrier"


def test_inputs_that_only_tell_the_night_are_left_out() -> None:
    assert select_usable(REFERENCE, NUMERIC | {"weekday": True, "missing": True}) == NUMERIC


def test_too_few_nights_are_not_judged() -> None:
    joint = measure_joint(nights(1, 2), REFERENCE, NUMERIC)
    rows = joint_rows(joint, THRESHOLDS, rows=120, reference_rows=1)
    assert [(each.value, each.is_drifted, each.note) for each in rows] == [
        (None, False, "too few nights")
    ] * 2


def test_the_threshold_on_the_classifier_can_be_passed() -> None:
    (place,) = [each for each in CALIBRATED if each.statistic == CLASSIFIER]
    assert place.quantile_value < place.threshold < 1
    assert place.windows >= 25


def test_a_sample_does_not_depend_on_the_order_of_rows() -> None:
    week = pd.concat([nights(3, 7)] * 2).assign(flight_id=lambda frame: [f"f{n}" for n in range(len(frame))])
    one, other = (
        sample_rows(frame, key="flight_id") for frame in (week, week.sample(frac=1.0, random_state=1))
    )
    assert set(one["flight_id"]) == set(other["flight_id"])
    assert one.groupby("night").size().max() == 100
