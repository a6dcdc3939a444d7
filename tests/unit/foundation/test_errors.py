"""What fails is caught in one place, said in words, and never hides what no other step may do."""

from __future__ import annotations

import pytest

from redeye.foundation.errors import AuditRefused, LeaseHeld, LeaseLost, try_in_turn


def failing(error: BaseException) -> object:
    raise error


def test_the_first_step_that_works_gives_the_result_and_the_ones_before_say_why_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[str] = []
    steps = [
        ("version 4", lambda: failing(OSError("the store;\n is away"))),
        ("version 3", lambda: failing(AuditRefused("far too high"))),
        ("the heuristic", lambda: (0.2, [*failures])),
        ("never", lambda: failing(AssertionError("asked although another one served"))),
    ]
    told = ["version 4 failed (OSError: the store, is away)", "version 3 refused"]
    assert try_in_turn(steps, failures) == (0.2, told)
    assert failures == told
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


def test_where_nothing_works_the_last_error_is_raised_as_it_is() -> None:
    failures: list[str] = []
    with pytest.raises(KeyError, match="second"):
        try_in_turn(
            [("one", lambda: failing(ValueError("first"))), ("two", lambda: failing(KeyError("second")))],
            failures,
        )
    assert len(failures) == 2


@pytest.mark.parametrize("error", [LeaseLost("stale"), LeaseHeld("held"), KeyboardInterrupt()])
def test_a_lost_lease_and_an_interrupt_end_it(error: BaseException) -> None:
    failures: list[str] = []
    with pytest.raises(type(error)):
        try_in_turn([("one", lambda: failing(error)), ("two", lambda: 1)], failures)
    assert failures == []


def test_a_long_message_is_cut() -> None:
    failures: list[str] = []
    try_in_turn([("one", lambda: failing(ValueError("x" * 5000))), ("two", lambda: 1)], failures)
    assert len(failures[0]) < 300
