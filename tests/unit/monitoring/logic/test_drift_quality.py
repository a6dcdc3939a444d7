"""Quality as drift: a model that stopped telling late flights apart is far beyond its own windows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from redeye.declarations.spec_rules import Drift
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import PROJECT_ROOT
from redeye.models.kinds.interface import find_kind
from redeye.monitoring.logic.drift_calibration import read_thresholds, tabulate
from redeye.monitoring.logic.drift_quality import calibrate_quality, quality_drift
from redeye.monitoring.logic.drift_result import Span

RULES = Drift()
KIND = find_kind(load_spec(PROJECT_ROOT / "ml" / "specs" / "flight_delay.yaml"))


def scored(nights: int, seed: int, *, is_blind: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    probability = rng.beta(2, 6, nights * 300)
    late = rng.random(nights * 300) < (0.25 if is_blind else probability)
    night = pd.Timestamp("2013-03-01") + pd.to_timedelta(np.arange(nights * 300) // 300, unit="D")
    return pd.DataFrame({"night": night, "probability": probability, "label": late.astype(float)})


REFERENCE = scored(60, 1)
THRESHOLDS = read_thresholds(tabulate(calibrate_quality(KIND, REFERENCE, RULES)))


def drifted(frame: pd.DataFrame) -> set[str]:
    rows = quality_drift(KIND, {Span.WEEK: frame}, REFERENCE, THRESHOLDS, RULES)
    return {each.statistic for each in rows if each.is_drifted}


def test_the_same_quality_is_no_drift() -> None:
    assert drifted(scored(7, 2)) == set()


def test_a_model_that_lost_its_sight_is() -> None:
    assert {"auc_drop", "log_loss_rise"} <= drifted(scored(7, 3, is_blind=True))


def test_few_rows_one_class_or_none_are_named() -> None:
    for frame in (scored(7, 4).iloc[:50], scored(7, 4).iloc[:0]):
        rows = quality_drift(KIND, {Span.WEEK: frame}, REFERENCE, THRESHOLDS, RULES)
        assert all(each.value is None and each.note and not each.is_drifted for each in rows)
    late = scored(7, 4).assign(label=1.0)
    values = {
        each.statistic: each.value
        for each in quality_drift(KIND, {Span.WEEK: late}, REFERENCE, THRESHOLDS, RULES)
    }
    assert values["auc_drop"] is None


def test_a_short_history_has_no_threshold() -> None:
    short = read_thresholds(tabulate(calibrate_quality(KIND, scored(3, 5), RULES)))
    assert {span for _, span, _ in short} == {Span.NIGHT}
