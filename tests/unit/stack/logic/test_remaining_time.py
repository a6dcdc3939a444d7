"""What is left is told by what the done part took."""

from __future__ import annotations

from datetime import date

import pytest

from redeye.stack.logic.remaining_time import Stage, Tally, format_duration, format_remaining

HISTORY = Stage("Build", 60.0)
NIGHTS = Stage("Score", 30.0, {date(2013, 4, day): 2 for day in (1, 2, 3)})


def test_before_anything_is_done_it_is_what_is_expected():
    assert Tally([HISTORY, NIGHTS], 100.0).estimate_remaining(HISTORY, 100.0) == 150.0
    assert Tally([HISTORY, NIGHTS], 100.0).estimate_remaining(HISTORY, 120.0) == 130.0


def test_work_that_takes_longer_than_expected_leaves_what_comes_after_it():
    assert Tally([HISTORY, NIGHTS], 0.0).estimate_remaining(HISTORY, 600.0) == 90.0


def test_what_was_done_scales_what_is_left():
    tally = Tally([HISTORY, NIGHTS], 0.0)
    assert tally.end_unit(HISTORY, 150.0) == 150.0
    # Twice as long, as the first 30 seconds count as expected.
    assert tally.estimate_remaining(NIGHTS, 150.0) == 180.0
    assert tally.end_unit(NIGHTS, 210.0) == 60.0
    assert tally.estimate_remaining(NIGHTS, 240.0) == pytest.approx(2 * 30 + 2 * 30 - 30)
    assert (tally.done, tally.units) == (2, 4)


def test_nothing_is_left_at_the_end():
    tally = Tally([HISTORY], 0.0)
    tally.end_unit(HISTORY, 90.0)
    assert tally.estimate_remaining(None, 95.0) == 0.0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "less than a minute left"),
        (44.9, "less than a minute left"),
        (45.0, "about 1 min left"),
        (61.0, "about 2 min left"),
        (240.0, "about 4 min left"),
    ],
)
def test_it_is_rounded_up_to_minutes(seconds, told):
    assert format_remaining(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"), [(5.9, "0:05"), (65, "1:05"), (3600, "1:00:00"), (4325, "1:12:05")]
)
def test_durations(seconds, told):
    assert format_duration(seconds) == told
