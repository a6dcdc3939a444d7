"""Whether promises are kept, part by part: bounds that together go wrong no more often than stated."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.models.kinds.scored_quantiles import ScoredQuantiles
from redeye.models.logic.night_statistics import estimate_effective_nights
from redeye.models.logic.promises import FEWEST_NIGHTS, check_promise, measure_parts

NIGHTS, PER_NIGHT, LEVELS = 28, 120, (0.1, 0.5, 0.9)
WIDE = 1.2815515655446004  # the 90 % quantile of a normal number


def make_rows(seed: int, correlation: float = 0.0, nights: int = NIGHTS) -> ScoredQuantiles:
    """Normal labels whose nights share something that follows the night before, and their true quantiles."""
    random = np.random.default_rng(seed)
    shared = np.zeros(nights)
    for each in range(nights):
        before = shared[each - 1] if each else 0.0
        shared[each] = correlation * before + random.normal(scale=np.sqrt(1 - correlation**2) * 0.3)
    night = np.arange(nights).repeat(PER_NIGHT)
    # Scaled so that a label's own distribution, over nights to come, is the standard normal one.
    labels = shared[night] + random.normal(scale=np.sqrt(1 - 0.09), size=len(night))
    said = np.tile([0.0, -WIDE, WIDE], (len(night), 1))
    return ScoredQuantiles(labels, said, np.datetime64("2013-01-01") + night, LEVELS)


def cut(scored: ScoredQuantiles, parts: int) -> dict[str, np.ndarray]:
    return {str(number): np.arange(scored.labels.size) % parts == number for number in range(parts)}


def measure(scored: ScoredQuantiles, parts: int = 6, confidence: float = 0.9):
    return measure_parts(
        scored, cut(scored, parts), scored.promises, metrics=("pinball_loss", "bias"), confidence=confidence
    )


def test_a_part_is_measured_as_numpy_measures_it() -> None:
    scored = make_rows(3)
    own = measure(scored)[2]
    rows = np.arange(scored.labels.size) % 6 == 2
    labels, (value, lower, upper) = scored.labels[rows], scored.predictions[rows].T
    losses = [
        np.where(labels > said, level * (labels - said), (1 - level) * (said - labels))
        for said, level in ((lower, 0.1), (value, 0.5), (upper, 0.9))
    ]
    assert own.rows == rows.sum()
    assert own.metrics["pinball_loss"] == pytest.approx(np.mean(losses))
    assert own.metrics["bias"] == pytest.approx((value - labels).mean())
    coverage, middle = own.held
    assert coverage.share == pytest.approx(((lower <= labels) & (labels <= upper)).mean())
    assert middle.share == pytest.approx((labels <= value).mean())
    assert coverage.found.lower < coverage.share < coverage.found.upper


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_where_all_promises_are_kept_no_part_is_off_more_often_than_stated(correlation: float) -> None:
    runs = 150
    wrong = sum(
        any(held.is_off for part in measure(make_rows(seed, correlation)) for held in part.held)
        for seed in range(runs)
    )
    # At 90 % confidence 15 are allowed; so many more are no surprise in 150.
    assert wrong <= 15 + 8


def test_a_part_that_is_off_is_told_and_the_others_are_not() -> None:
    scored = make_rows(5)
    labels = scored.labels.copy()
    labels[np.arange(labels.size) % 6 == 1] += 1.0
    found = measure(scored.like(labels, scored.predictions, scored.nights[scored.night_of_row]))
    assert [any(held.is_off for held in part.held) for part in found] == [False, True, *[False] * 4]


def test_whole_numbers_on_the_edge_are_no_fault() -> None:
    scored = make_rows(6)
    labels = np.rint(scored.labels)
    said = np.tile([0.0, -1.0, 1.0], (labels.size, 1))
    whole = scored.like(labels, said, scored.nights[scored.night_of_row])
    for part in measure(whole, parts=1):
        assert not any(held.is_off for held in part.held)
        assert part.held[0].share > 0.85


@pytest.mark.parametrize(("width", "side"), [(100.0, "lower"), (0.0, "upper")])
def test_nights_without_an_exception_leave_open_what_as_many_independent_ones_would(
    width: float, side: str
) -> None:
    scored = make_rows(7)
    said = np.tile([0.0, -width, width], (scored.labels.size, 1))
    every = scored.like(scored.labels, said, scored.nights[scored.night_of_row])
    found = check_promise(every, every.promises[0], 0.95).found
    assert found is not None
    left_open = 0.05 ** (1 / float(estimate_effective_nights(NIGHTS)))
    assert 0.7 < left_open < 0.95
    assert getattr(found, side) == pytest.approx(left_open if side == "lower" else 1 - left_open)


def test_too_few_nights_are_not_judged() -> None:
    (part,) = measure(make_rows(1, nights=FEWEST_NIGHTS - 1), parts=1)
    assert [(held.found, held.is_off) for held in part.held] == [(None, None)] * 2


def test_labels_that_are_all_the_same_are_measured() -> None:
    scored = make_rows(1)
    same = scored.like(
        np.zeros(scored.labels.size), np.zeros((scored.labels.size, 3)), scored.nights[scored.night_of_row]
    )
    for part in measure(same):
        assert not any(held.is_off for held in part.held)


@pytest.mark.parametrize(("nights", "per_night", "level"), [(14, 1, 0.95), (14, 3, 0.975), (10, 1, 0.9)])
def test_nights_without_an_exception_do_not_say_that_there_is_none(
    nights: int, per_night: int, level: float
) -> None:
    runs, wrong = 300, 0
    night = np.datetime64("2013-01-01") + np.arange(nights).repeat(per_night)
    for seed in range(runs):
        labels = np.random.default_rng([seed, nights]).random(nights * per_night)
        said = np.tile([0.5, 1 - level, level], (labels.size, 1))
        scored = ScoredQuantiles(labels, said, night, (1 - level, 0.5, level))
        promise = next(each for each in scored.promises if each.share == pytest.approx(2 * level - 1))
        # 97.5 % of each bound: 95 % of both.
        wrong += bool(check_promise(scored, promise, 0.975).is_off)
    assert wrong <= 0.05 * runs + 2 * np.sqrt(0.05 * 0.95 * runs)
