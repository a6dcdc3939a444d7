"""Every release is read whole in its turn, and the newest ones always."""

from __future__ import annotations

import pytest

from redeye.foundation.disk import GIGABYTE, Level, Usage
from redeye.operations.logic.release_rotation import NEWEST, OLDER, choose_releases


@pytest.mark.parametrize("count", [0, 1, NEWEST, NEWEST + OLDER, NEWEST + OLDER + 1, 1000])
def test_every_release_comes_up_and_no_run_has_too_many(count: int) -> None:
    releases = list(range(count))
    turns = [choose_releases(releases, turn=turn) for turn in range(20)]
    assert {each for turn in turns for each in turn} == set(releases)
    for turn in turns:
        assert len(turn) <= NEWEST + OLDER
        assert set(releases[-NEWEST:]) <= set(turn)
        assert turn == sorted(turn)


@pytest.mark.parametrize(
    ("used", "level"),
    [(0, Level.OK), (7.9, Level.OK), (8, Level.WARNING), (10, Level.WARNING), (10.1, Level.OVER)],
)
def test_the_warning_comes_before_the_budget_is_reached(used: float, level: Level) -> None:
    usage = Usage({"landing": int(used * GIGABYTE)}, 10 * GIGABYTE)
    assert usage.level is level
    assert "of the disk budget" in usage.summary()
