"""What a training gains is told with its interval, its seeds and, of another label, with both."""

from __future__ import annotations

from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_gains import Gain, LabelDiff, LabelFit, describe_label


def gain(lower: float, upper: float, *, seeds: int = 3, label: LabelDiff | None = None) -> Gain:
    middle = (lower + upper) / 2
    bounds = Interval(middle, lower, upper)
    return Gain("flight_delay", "xgboost", 900, "a..b", seeds, 0.5, 0.5 - middle, bounds, label, 1.0)


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
        LabelFit("old", "old", 0.50, 0.95, 0.70),
        LabelFit("new", "old", 0.60, 0.99, 0.69),
        LabelFit("old", "new", 0.60, 1.10, 0.71),
        LabelFit("new", "new", 0.40, 0.93, 0.72),
    )
    relabelled = gain(0.1, 0.2, label=LabelDiff(1000, 120, rate_old=0.3, rate_new=0.18, fits=fits))
    assert "judged by the new label" in str(relabelled)
    assert tuple(describe_label(relabelled)) == (
        "the label of flight_delay flips in 120 of 1,000 rows (12.0%); the share of true ones goes from 30.0% to 18.0%",
        "flight_delay, each model by its own label: log loss is 0.950 of the base rate's with the old label and 0.930 "
        "with the new, AUC 0.700 and 0.720",
    )
    assert tuple(describe_label(gain(0.1, 0.2))) == ()
