"""What a report calls the numbers of each kind, and in which form it shows them."""

from __future__ import annotations

from pathlib import Path

import delay_minutes
import made_classes
from made_rows import SPEC

from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_measures import Measures

BINARY = Measures.of(find_kind(SPEC))


def make_measures(module: object, folder: Path) -> Measures:
    return Measures.of(find_kind(module.make_spec(folder)))  # type: ignore[attr-defined]


def test_each_kind_has_its_own_loss_and_what_is_shown_beside_it(tmp_path: Path) -> None:
    assert (BINARY.loss, BINARY.base, BINARY.plural, BINARY.is_share) == (
        "log loss",
        "the base rate's",
        "",
        True,
    )
    assert [title for _, title in BINARY.others] == ["AUC", "calibration error"]
    numbers = make_measures(delay_minutes, tmp_path)
    assert (numbers.loss, numbers.losses) == ("pinball loss", "Pinball losses")
    assert [title for _, title in numbers.others] == [
        "absolute error",
        "coverage error",
        "width of the interval",
    ]
    assert (numbers.base, numbers.plural, numbers.is_share) == ("that of constant quantiles", "values", False)
    classes = make_measures(made_classes, tmp_path)
    assert classes.loss == "log loss"
    assert [title for _, title in classes.others] == ["Brier score", "accuracy", "calibration error"]
    assert (classes.base, classes.plural) == ("that of constant shares", "probabilities")
    assert classes.is_share


def test_a_number_has_the_digits_that_count_in_its_unit_and_a_share_four_places(tmp_path: Path) -> None:
    numbers = make_measures(delay_minutes, tmp_path)
    assert [BINARY.show(each) for each in (0.05, 0.00001, None)] == ["0.0500", "0.0000", ""]
    assert [numbers.show(each) for each in (12345.6, 0.000012345, None)] == ["12346", "0.00001234", ""]
    assert numbers.compare(12.0, 12.00001) == "12.00"
    assert numbers.compare(12.0, 14.5) == "12.00 → 14.50"
    assert numbers.compare(None, 14.5) == ""
    small, large = Interval(0.00123, -0.0002, 0.003), Interval(120.0, -20.0, 3000.0)
    assert BINARY.show_gain(small, digits=5, sign="+") == "+0.00123 (-0.00020 to +0.00300)"
    assert BINARY.show_gain(None) == ""
    assert numbers.show_gain(small) == "0.001230 (-0.000200 to 0.003000)"
    assert numbers.show_gain(large) == "120 (-20 to 3000)"
    assert numbers.show_gain(Interval(0.0, 0.0, 0.0)) == "0.0000 (0.0000 to 0.0000)"
