"""A comment's plots are text, and it is cut where a forge would refuse it."""

from __future__ import annotations

import pytest

from redeye.review.logic.impact_comment import cut_comment, draw_bars
from redeye.review.logic.model_diff import Histogram


def test_bars_are_as_long_as_their_shares_and_names_cannot_end_the_block() -> None:
    drawn = draw_bars("t.c", Histogram(("0", "a```very long value"), (0.5, 0.0), (0.25, 0.03125)))
    assert drawn.splitlines() == [
        "```",
        "t.c: 14.1% of rows in another bin",
        "               old                      new",
        "             0 ████████████████  50.0% ████████          25.0%",
        "a'''very long…                    0.0% █                  3.1%",
        "```",
    ]


@pytest.mark.parametrize("limit", range(200, 400, 7))
def test_a_cut_leaves_no_plot_open_and_no_character_broken(limit: int) -> None:
    text = "# Impact\n\n" + "\n\n".join(["a line", "```\n███ 1\n███ 2\n```"] * 20)
    cut = cut_comment(text, limit)
    assert len(cut.encode()) <= limit
    assert cut.count("```") % 2 == 0
    assert "\ufffd" not in cut
    assert cut_comment(text, 10_000) == text
