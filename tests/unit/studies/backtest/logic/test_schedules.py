"""The backtest: who serves when, what is asked for, and that no training knows what came after it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rows import FIRST, short_spec

from redeye.declarations.calendar import cutoff, list_nights
from redeye.models.logic.splits import Window
from redeye.studies.backtest.logic import schedules
from redeye.studies.backtest.logic.schedules import Schedule

SINCE = FIRST + timedelta(days=45)
LAST = FIRST + timedelta(days=119)
SERVED = Window(SINCE, LAST)


@given(st.integers(0, 60), st.integers(0, 200))
def test_every_night_is_served_once_by_a_training_that_could_serve_it(start: int, length: int):
    spec = short_spec()
    served = Window(SINCE + timedelta(days=start), SINCE + timedelta(days=start + length))
    for schedule in (Schedule.NEVER, Schedule.MONTHLY, Schedule.WEEKLY):
        decided = schedules.decisions(schedule, spec, served)
        spans = schedules.reigns(decided, spec, served)
        assert [
            night for each in spans for night in list_nights(each.nights.first, each.nights.last)
        ] == list(list_nights(served.first, served.last))
        assert all(
            each.decided + timedelta(days=spec.effective_lag_nights) <= each.nights.first for each in spans
        )
        assert decided[0] == schedules.first_decision(spec, served.first)


def test_the_schedules_are_what_they_are_called():
    spec = short_spec()
    never, monthly, weekly = (
        schedules.decisions(each, spec, SERVED)
        for each in (Schedule.NEVER, Schedule.MONTHLY, Schedule.WEEKLY)
    )
    assert len(never) == 1
    assert [night.isoformat() for night in monthly[1:]] == ["2013-02-28", "2013-03-31"]
    assert {(later - never[0]).days % 7 for later in weekly} == {0}
    assert len(weekly) == 1 + (SERVED.nights - 1) // 7
    with pytest.raises(ValueError, match="verdicts"):
        schedules.decisions(Schedule.VERDICT, spec, SERVED)


def test_no_training_knows_what_came_after_it(frame):
    spec = short_spec()
    # Some outcomes within the windows became known weeks later.
    is_late = np.random.default_rng(3).random(len(frame)) < 0.2
    frame = frame.assign(outcome_known_at=frame["outcome_known_at"] + pd.to_timedelta(is_late * 30, unit="D"))
    before, test = schedules.train(frame, spec, SINCE, algorithm="xgboost", threads=1)
    is_open = frame["outcome_known_at"] > cutoff(SINCE).replace(tzinfo=None)
    other = frame.assign(is_late=frame["is_late"].astype(bool) ^ is_open)
    after, again = schedules.train(other, spec, SINCE, algorithm="xgboost", threads=1)
    assert before.model.files() == after.model.files()
    assert np.array_equal(test.labels, again.labels)
    assert schedules.baseline(other, spec, SINCE) == schedules.baseline(frame, spec, SINCE)
    # The model did not learn from the window that is held back, though it was known.
    held = frame["night"] > pd.Timestamp(SINCE - timedelta(days=9))
    third, _ = schedules.train(
        frame.assign(is_late=frame["is_late"].astype(bool) ^ held),
        spec,
        SINCE,
        algorithm="xgboost",
        threads=1,
    )
    assert third.model.files() == before.model.files()
