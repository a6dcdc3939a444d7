"""What a training gains is told with its interval, its seeds and, of another label, with both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import delay_minutes
from made_rows import SPEC

from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_gains import Gain, LabelDiff, LabelFit, describe_label
from redeye.review.logic.impact_measures import Measures

MEASURES = Measures.of(find_kind(SPEC))


def gain(lower: float, upper: float, *, seeds: int = 3, label: LabelDiff | None = None) -> Gain:
    middle = (lower + upper) / 2
    bounds = Interval(middle, lower, upper)
    return Gain(
        "flight_delay", MEASURES, "xgboost", 900, "a..b", seeds, 0.5, 0.5 - middle, bounds, label, 1.0
    )


def test_one_seed_is_told_to_leave_its_own_chance_out_and_says_nothing_sure() -> None:
    one = gain(-0.2, -0.1, seeds=1)
    assert str(one) == (
        "log loss gained -0.1500 (-0.2000 to -0.1000) on 900 rows of a..b by xgboost with one seed, whose own chance "
        "the bounds leave out"
    )
    assert not one.is_worse
    assert gain(-0.2, -0.1).is_worse
    assert not gain(-0.2, 0.1).is_worse


def test_another_label_is_told_by_its_rates_and_by_each_models_own() -> None:
    fits = (
        LabelFit("old", "old", 0.50, 0.95, {"AUC": 0.70}),
        LabelFit("new", "old", 0.60, 0.99, {"AUC": 0.69}),
        LabelFit("old", "new", 0.60, 1.10, {"AUC": 0.71}),
        LabelFit("new", "new", 0.40, 0.93, {"AUC": 0.72}),
    )
    relabelled = gain(
        0.1, 0.2, label=LabelDiff(1000, 120, {"the share of true ones": (0.3, 0.18)}, True, True, fits)
    )
    assert "judged by the new label" in str(relabelled)
    assert tuple(describe_label(relabelled)) == (
        "the label of flight_delay flips in 120 of 1,000 rows (12.0%); the share of true ones goes from 30.0% to 18.0%",
        "flight_delay, each model by its own label: log loss is 0.950 of the base rate's with the old label and 0.930 "
        "with the new, AUC 0.700 and 0.720",
    )
    assert tuple(describe_label(gain(0.1, 0.2))) == ()


def test_labels_of_other_kinds_are_told_by_what_they_come_to(tmp_path: Path) -> None:
    fits = tuple(LabelFit(each, each, 5.0, 0.9, {}) for each in ("old", "new"))
    numbers = Measures.of(find_kind(delay_minutes.make_spec(tmp_path)))
    label = LabelDiff(1000, 120, {"the mean": (3.25, 4000.0)}, is_flag=False, is_share=False, fits=fits)
    assert tuple(describe_label(replace(gain(1.0, 2.0, label=label), measures=numbers))) == (
        "the label of flight_delay is another in 120 of 1,000 rows (12.0%); the mean goes from 3.250 to 4000",
        "flight_delay, each model by its own label: pinball loss is 0.900 of that of constant quantiles with the old "
        "label and 0.900 with the new",
    )
    shares = {f"the share of {name}": (0.1, 0.1 + 0.01 * place) for place, name in enumerate("abcdefg")}
    label = LabelDiff(1000, 120, shares, is_flag=False, is_share=True, fits=())
    (told,) = describe_label(gain(0.1, 0.2, label=label))
    # Of many classes those that move the most.
    assert told.count(" goes from ") == 5
    assert "(12.0%); the share of g goes from 10.0% to 16.0%, the share of f" in told


def test_a_gain_is_told_in_the_loss_and_the_unit_of_its_kind(tmp_path: Path) -> None:
    numbers = Measures.of(find_kind(delay_minutes.make_spec(tmp_path)))
    assert str(replace(gain(-20.0, 300.0), measures=numbers)).startswith(
        "pinball loss gained 140.0 (-20.0 to 300.0) on 900 rows"
    )
    alone = replace(gain(-20.0, 300.0), measures=numbers, gain=None, old=152.0, new=0.25)
    assert str(alone).startswith("pinball loss 152.0 before, 0.2500 after on 900 rows")
