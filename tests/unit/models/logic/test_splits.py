"""Windows: later ones know nothing of earlier ones' gaps, whatever their lengths."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redeye.declarations.specs import Split
from redeye.models.logic.splits import TooFewNights, Window, Windows, find_first_training, plan_windows

NIGHTS = st.dates(date(2013, 1, 1), date(2014, 12, 31))
SPLITS = st.builds(
    Split,
    validation_nights=st.integers(1, 40),
    test_nights=st.integers(1, 40),
    minimum_train_nights=st.integers(1, 40),
    history_nights=st.integers(40, 400),
)
MATURITIES = st.integers(1, 5)


def try_windows(night: date, split: Split, maturity: int, first_night: date) -> Windows | None:
    try:
        return plan_windows(night, split, maturity=maturity, first_night=first_night)
    except TooFewNights:
        return None


@given(NIGHTS, SPLITS, MATURITIES)
def test_windows_follow_each_other_with_a_gap_of_the_maturity(night: date, split: Split, maturity: int):
    made = plan_windows(night, split, maturity=maturity, first_night=date(2010, 1, 1))
    for earlier, later in ((made.train, made.validation), (made.validation, made.test)):
        assert (later.first - earlier.last).days == maturity + 1


@given(NIGHTS, SPLITS, MATURITIES)
def test_every_label_is_mature(night: date, split: Split, maturity: int):
    made = plan_windows(night, split, maturity=maturity, first_night=date(2010, 1, 1))
    assert made.test.last + timedelta(days=maturity) == night


@given(NIGHTS, SPLITS, MATURITIES, NIGHTS)
def test_windows_have_their_lengths_and_stay_in_the_history(
    night: date, split: Split, maturity: int, first: date
):
    made = try_windows(night, split, maturity, first)
    if made is None:
        return
    assert made.validation.nights == split.validation_nights
    assert made.test.nights == split.test_nights
    assert split.minimum_train_nights <= made.train.nights <= split.history_nights
    assert made.train.first >= first


@given(NIGHTS, SPLITS, MATURITIES)
def test_the_night_that_a_refusal_names_is_the_first_that_works(night: date, split: Split, maturity: int):
    with pytest.raises(TooFewNights) as error:
        plan_windows(night, split, maturity=maturity, first_night=night)
    ready = date.fromisoformat(str(error.value).split("train on night ")[1][:10])
    assert try_windows(ready, split, maturity, night) is not None
    assert try_windows(ready - timedelta(days=1), split, maturity, night) is None


def test_a_window_masks_its_own_nights_only():
    window = Window(date(2013, 3, 2), date(2013, 3, 3))
    days = [date(2013, 3, day) for day in range(1, 6)]
    assert window.mask(days).tolist() == [False, True, True, False, False]


def test_the_first_training_is_the_first_night_with_windows_enough() -> None:
    split = Split(validation_nights=3, test_nights=4, minimum_train_nights=5, history_nights=30)
    first = date(2026, 1, 1)
    ready = find_first_training(first, split, maturity=2)
    assert plan_windows(ready, split, maturity=2, first_night=first).train.nights == 5
    with pytest.raises(TooFewNights, match=f"train on night {ready} or later"):
        plan_windows(ready - timedelta(days=1), split, maturity=2, first_night=first)
