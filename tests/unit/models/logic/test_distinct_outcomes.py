"""Windows whose outcomes are all the same are refused by name, with what to do, whatever kind they are of."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from delay_minutes import COLUMN, make_spec
from made_rows import FIRST, SPEC

from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.distinct_outcomes import (
    TooFewOutcomes,
    describe_sameness,
    require_distinct_outcomes,
)
from redeye.models.logic.splits import Window, Windows

WINDOWS = Windows(
    *(
        Window(FIRST + timedelta(days=first), FIRST + timedelta(days=last))
        for first, last in ((0, 6), (9, 12), (15, 18))
    )
)


@pytest.fixture(scope="module")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    return make_spec(tmp_path_factory.mktemp("spec"))


def make_frame(column: str, one: float, other: float, *same: Window) -> pd.DataFrame:
    """Two rows of each of twenty nights, that differ but on the nights of the windows named."""
    nights = np.repeat(pd.date_range(FIRST, periods=20), 2)
    labels = np.where(np.arange(40) % 2, one, other)
    for window in same:
        labels = np.where(window.mask(nights), one, labels)
    return pd.DataFrame({"night": nights, column: labels})


def test_outcomes_that_differ_are_enough() -> None:
    require_distinct_outcomes(make_frame("is_late", 1, 0), SPEC, WINDOWS)


@pytest.mark.parametrize(
    ("name", "rows", "key"), [("train", 14, "history_nights"), ("validation", 8, "validation_nights")]
)
def test_a_window_of_one_class_is_named_with_its_rows_and_nights(name: str, rows: int, key: str) -> None:
    window = getattr(WINDOWS, name)
    with pytest.raises(TooFewOutcomes) as error:
        require_distinct_outcomes(make_frame("is_late", 1, 0, window), SPEC, WINDOWS)
    assert str(error.value).startswith(f"every one of the {rows} outcomes is true on nights {window}")
    assert key in str(error.value)


def test_one_number_alone_is_told_as_it_is(regression: Spec) -> None:
    with pytest.raises(TooFewOutcomes, match="every one of the 14 outcomes is 7 on nights 2013-01-01"):
        require_distinct_outcomes(make_frame(COLUMN, 7, 0, WINDOWS.train), regression, WINDOWS)
    assert describe_sameness(np.zeros(1200), find_kind(SPEC)) == "every one of the 1,200 outcomes is false"
    assert describe_sameness(np.array([2.5]), find_kind(regression)) == "every one of the 1 outcomes is 2.5"


def test_the_gates_window_may_be_of_one_class_but_not_empty() -> None:
    frame = make_frame("is_late", 1, 0, WINDOWS.test)
    require_distinct_outcomes(frame, SPEC, WINDOWS)
    with pytest.raises(TooFewOutcomes, match="there is no outcome of nights 2013-01-16"):
        require_distinct_outcomes(frame[frame["night"] < pd.Timestamp(date(2013, 1, 16))], SPEC, WINDOWS)
