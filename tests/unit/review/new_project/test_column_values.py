"""How long windows are follows from how many rows a night has."""

from __future__ import annotations

import pytest

from redeye.review.new_project.column_values import size_windows


@pytest.mark.parametrize(("per_night", "nights"), [(1, 1461), (1, 400), (3, 200), (40, 62), (2000, 90)])
def test_a_window_of_usual_nights_has_the_rows_that_are_asked_of_it(per_night: int, nights: int) -> None:
    found = size_windows(per_night, nights)
    for window in ("gates", "verdicts"):
        assert found[f"nights_of_{window}"] * per_night >= found[f"rows_of_{window}"]
        assert found[f"nights_of_{window}"] % 7 == 0
    # Validation, gates and training lie side by side in what there is.
    assert 2 * found["nights_of_gates"] + found["nights_of_training"] < nights


@pytest.mark.parametrize(("per_night", "nights"), [(1, 400), (40, 60), (2000, 90)])
def test_weeks_have_windows_of_their_own(per_night: int, nights: int) -> None:
    found = size_windows(per_night, nights, "week")
    assert found["nights_of_gates"] == (66 if per_night == 1 else 10)
    assert found["nights_of_verdicts"] == (60 if per_night == 1 else 4)
    assert 2 * found["nights_of_gates"] + found["nights_of_training"] < nights


def test_many_rows_a_night_make_windows_of_a_fortnight_and_few_make_longer_ones() -> None:
    assert size_windows(40, 365)["nights_of_gates"] == size_windows(1000, 365)["nights_of_gates"] == 14
    assert size_windows(1, 1461)["nights_of_gates"] == 203
    assert size_windows(1, 1461)["nights_of_verdicts"] == 63
    assert size_windows(1, 400)["nights_of_gates"] == 63
