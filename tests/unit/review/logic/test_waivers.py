"""A waiver names what is waived, until when, and why."""

from __future__ import annotations

from datetime import date

import pytest

from redeye.foundation.errors import ConfigError
from redeye.review.logic.waivers import Waiver, parse_waivers


def test_a_waiver_is_read_with_its_line() -> None:
    text = "# a comment\n\nGHSA-1 since 2026-01-02 until 2026-03-04: no such call is made\n"
    assert list(parse_waivers(text, "waivers")) == [
        Waiver(3, "GHSA-1", date(2026, 1, 2), date(2026, 3, 4), "no such call is made")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "GHSA-1",
        "GHSA-1 since 2026-01-02 until 2026-03-04:",
        "GHSA-1 until 2026-03-04: why",
        "GHSA-1 since 2026-01-02 until 2026-02-30: why",
        "GHSA-1 since 2026-01-02 until 2026-01-01: why",
        "GHSA-1 since 2026-01-02 until 2027-01-02: why",
    ],
)
def test_one_that_says_too_little_or_lasts_too_long_is_named(line: str) -> None:
    with pytest.raises(ConfigError, match=r"waivers, line 1, `GHSA-1"):
        list(parse_waivers(line, "waivers"))
