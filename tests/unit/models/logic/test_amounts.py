"""Numbers of a prediction as people read them."""

from __future__ import annotations

import pytest

from redeye.models.logic.amounts import Amount, round_number


def test_a_share_is_read_in_percent_and_its_change_in_points() -> None:
    share = Amount("raw_probability", "probability", is_share=True)
    assert share.show(0.1234) == "12.3%"
    assert share.show_change(-0.0123) == "-1.2"
    assert share.unit == "percentage points"


def test_a_number_has_the_digits_that_count() -> None:
    minutes = Amount("learned_value", "value")
    assert (minutes.show(12.3456), minutes.show_change(0.12345)) == ("12.35", "+0.123")
    assert minutes.unit == ""


@pytest.mark.parametrize(("value", "said"), [(0.0, "0"), (12345.6, "12346"), (0.000123456, "0.0001235")])
def test_digits_before_the_point_all_stand(value: float, said: str) -> None:
    assert round_number(value, 4) == said
