"""A project is described as it is understood."""

from __future__ import annotations

from redeye.review.describe_project import describe_project


def test_the_flights_are_described() -> None:
    said = "\n".join(describe_project())
    assert "a night ends at 03:00" in said
    assert (
        "Its first night is 2012-12-31: it ends on 2013-01-01 at 03:00 and predicts the flights of 2013-01-01"
        in said
    )
    assert "Dataset schedule: a row is told by" in said
    # 21 + 14 + 14 nights, and three times two in which labels mature.
    assert "it can be trained from night 2013-02-23 on, and a whole window" in said
