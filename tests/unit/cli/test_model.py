"""How long a long job may still take."""

from __future__ import annotations

import pytest

from redeye.cli.model import format_remaining


def test_nothing_is_promised_before_a_step_was_made_or_when_none_remains():
    assert format_remaining([], 4) == ""
    assert format_remaining([60.0], 0) == ""


@pytest.mark.parametrize(
    ("took", "said"), [([60.0], "about 4.0 min left"), ([600.0] + [30.0] * 5, "about 2.0 min left")]
)
def test_the_last_steps_say_what_those_to_come_take(took: list[float], said: str):
    assert format_remaining(took, 4) == said
