"""Walking through months: no training sees anything of its month, or anything not yet known."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rows import FIRST, SPEC, made_frame, short_spec

from redeye.declarations.calendar import cutoff
from redeye.studies.evidence.logic import months
from redeye.studies.evidence.logic.evidence_quality import POOLED, find_significant_months, measure_quality

SPLITS = st.builds(
    SPEC.split.__class__,
    validation_nights=st.integers(1, 20),
    test_nights=st.integers(1, 20),
    minimum_train_nights=st.integers(1, 40),
    history_nights=st.integers(40, 400),
)


@given(st.dates(date(2013, 1, 1), date(2013, 6, 30)), st.integers(1, 400), SPLITS, st.integers(1, 5))
def test_no_month_is_learned_from_before_it_is_predicted(first: date, nights: int, split, maturity: int):
    spec = SPEC.model_copy(update={"split": split, "label_maturity_nights": maturity})
    last = first + timedelta(days=nights)
    found = months.months(spec, first, last)
    for month in found:
        spans = months.plan_training(spec, month.decided, first)
        assert month.decided < month.nights.first
        assert cutoff(month.decided) == cutoff(month.nights.first - timedelta(days=1))
        for window in vars(spans).values():
            assert first <= window.first
            assert window.last + timedelta(days=maturity) <= month.decided
    for earlier, later in pairwise(found):
        assert later.nights.first == earlier.nights.last + timedelta(days=1)
    if found:
        assert found[-1].nights.last == last


def test_what_a_month_holds_changes_nothing_in_its_own_models():
    spec = short_spec()
    frame = made_frame(spec)
    (*_, month) = months.months(spec, FIRST, FIRST + timedelta(days=99))
    before, learned = months.walk(frame, spec, month, seed=1, threads=1)
    # Another outcome for everything that was not known at the decision: all of the month, and late news before it.
    is_open = frame["outcome_known_at"] > cutoff(month.decided).replace(tzinfo=None)
    assert (is_open & (frame["night"] < pd.Timestamp(month.nights.first))).any()
    other = frame.assign(is_late=np.where(is_open, ~frame["is_late"], frame["is_late"]))
    after, again = months.walk(other, spec, month, seed=1, threads=1)
    pd.testing.assert_frame_equal(before.drop(columns="label"), after.drop(columns="label"))
    assert not before["label"].equals(after["label"])
    assert learned.validation == again.validation
    assert pd.Timestamp(learned.known_until) <= cutoff(month.decided).replace(tzinfo=None)


def test_every_flight_of_the_month_is_predicted_once():
    spec = short_spec()
    frame = made_frame(spec)
    (month, *_) = months.months(spec, FIRST, FIRST + timedelta(days=99))
    predictions, _ = months.walk(frame, spec, month, seed=1, threads=1)
    mine = frame[month.nights.mask(frame["night"].to_numpy())]
    assert list(predictions["flight_id"]) == list(mine["flight_id"])
    assert month.nights.first == pd.Timestamp(mine["night"].min()).date()


def test_a_key_changes_with_all_that_changes_a_prediction_and_with_nothing_else():
    given_all = {"release_id": "r", "code_hash": "c", "seed": 1, "threads": 1}
    key = months.make_key(SPEC, **given_all)
    for name, other in (("release_id", "s"), ("code_hash", "d"), ("seed", 2), ("threads", 2)):
        assert months.make_key(SPEC, **{**given_all, name: other}) != key
    changed = short_spec(test_nights=9)
    assert months.make_key(changed, **given_all) != key
    watched = SPEC.model_copy(update={"monitor": SPEC.monitor.model_copy(update={"window_nights": 99})})
    assert months.make_key(watched, **given_all) == key


@pytest.fixture
def predictions() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(3)
    made = {}
    for month in ("2013-01", "2013-02"):
        truth = random.random(1200)
        made[month] = pd.DataFrame(
            {
                "flight_id": [str(each) for each in range(1200)],
                "night": np.repeat(pd.date_range(f"{month}-01", periods=20), 60),
                "label": (random.random(1200) < truth).astype(float),
                "heuristic": np.full(1200, 0.5),
                "xgboost": truth,
                "torch": np.clip(truth + random.normal(0, 0.3, 1200), 0.01, 0.99),
            }
        )
    return made


def test_differences_have_the_sign_of_better(predictions):
    rows = measure_quality(predictions, {"2013-01": "xgboost", "2013-02": "torch"})
    assert find_significant_months(rows, "xgboost", "heuristic", "auc")["better"] == ["2013-01", "2013-02"]
    assert find_significant_months(rows, "torch", "xgboost", "log_loss")["worse"] == ["2013-01", "2013-02"]
    plain = rows[(rows["metric"] == "auc") & (rows["against"] == "") & (rows["month"] == POOLED)]
    values = plain.set_index("algorithm")["value"]
    assert values["heuristic"] == pytest.approx(0.5)
    assert values["torch"] < values["chosen"] < values["xgboost"]


def test_the_chosen_one_is_that_of_its_month(predictions):
    rows = measure_quality(predictions, {"2013-01": "xgboost", "2013-02": "torch"})
    plain = rows[(rows["metric"] == "auc") & (rows["against"] == "")].set_index(["month", "algorithm"])[
        "value"
    ]
    assert plain["2013-01", "chosen"] == plain["2013-01", "xgboost"]
    assert plain["2013-02", "chosen"] == plain["2013-02", "torch"]
