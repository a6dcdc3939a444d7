"""How good an order is, against what scikit-learn makes of the same groups."""

from __future__ import annotations

import numpy as np
import pytest
from made_orders import CUT, FIRST, make_nights
from sklearn.metrics import ndcg_score

from redeye.models.kinds.orders.scored_orders import ScoredOrders
from redeye.models.logic.evaluation import estimate_improvement

ROWS, NIGHTS = 600, 20


def make_scored(seed: int = 1, *, ties: int = 4) -> ScoredOrders:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, ROWS) * random.random(ROWS)
    scores = np.round(ties * (labels + random.normal(size=ROWS))) / ties
    days, groups = FIRST + random.integers(0, NIGHTS, ROWS), random.integers(0, 3, ROWS)
    return ScoredOrders(labels, scores, days, groups, CUT)


def list_groups(scored: ScoredOrders) -> list[np.ndarray]:
    keys = scored.night_of_row * 3 + scored.groups
    return [np.flatnonzero(keys == key) for key in np.unique(keys)]


def test_ndcg_is_that_of_scikit_learn_with_equal_scores_averaged() -> None:
    scored = make_scored()
    found = [
        ndcg_score([scored.labels[rows]], [scored.predictions[rows]], k=CUT)
        for rows in list_groups(scored)
        if len(rows) > 1 and np.ptp(scored.labels[rows])
    ]
    assert scored.measure("ndcg") == pytest.approx(np.mean(found))
    assert scored.measure("ndcg_loss") == pytest.approx(1 - np.mean(found))
    assert 0 < scored.measure("relative_ndcg_loss") < 1


def test_the_head_catches_what_lies_in_it() -> None:
    scored = make_scored(ties=10**9)
    heads = [rows[np.argsort(-scored.predictions[rows])[:CUT]] for rows in list_groups(scored)]
    expected = scored.labels[np.concatenate(heads)].sum() / scored.labels.sum()
    assert scored.measure("caught") == pytest.approx(expected)
    assert scored.catch(CUT) == pytest.approx(expected)
    assert scored.catch(ROWS) == pytest.approx(1)


def test_one_score_for_all_is_a_random_order() -> None:
    alike = make_scored().answer_alike(3.0)
    assert alike.measure("relative_ndcg_loss") == pytest.approx(1)
    random = np.random.default_rng(5)
    nights = alike.nights[alike.night_of_row]
    shuffled = [
        ScoredOrders(alike.labels, random.random(ROWS), nights, alike.groups, CUT) for _ in range(300)
    ]
    for metric in ("ndcg", "caught"):
        drawn = np.mean([each.measure(metric) for each in shuffled])
        assert alike.measure(metric) == pytest.approx(drawn, abs=0.004), metric


def test_groups_are_ordered_by_themselves() -> None:
    scored = make_scored()
    shift = 100.0 * scored.groups + 7.0 * scored.night_of_row
    nights = scored.nights[scored.night_of_row]
    moved = ScoredOrders(scored.labels, scored.predictions + shift, nights, scored.groups, CUT)
    whole = scored.like(scored.labels, scored.predictions, nights)
    for metric in scored.TITLES:
        assert moved.measure(metric) == pytest.approx(scored.measure(metric)), metric
        assert whole.measure(metric) != pytest.approx(scored.measure(metric)), metric


def test_a_group_without_a_better_order_tells_nothing() -> None:
    days, groups = np.repeat(FIRST, 6), [0, 0, 0, 1, 1, 2]
    scored = ScoredOrders([1, 3, 0, 2, 2, 9], [3, 2, 1, 5, 4, 0], days, groups, 2)
    alone = scored.where(scored.groups == 0)
    assert scored.measure("ndcg") == pytest.approx(alone.measure("ndcg"))
    assert np.isnan(scored.where(scored.groups > 0).measure("ndcg"))


def test_each_night_counts_as_often_as_it_is_weighed() -> None:
    scored = make_scored()
    own = scored.where(scored.night_of_row == 3)
    for metric in (*scored.TITLES, "relative_ndcg_loss"):
        assert scored.resample(metric, np.eye(len(scored.nights))[[3]] * 2)[0] == pytest.approx(
            own.measure(metric)
        )
    with pytest.raises(ValueError, match="no metric 'auc'"):
        scored.measure("auc")


@pytest.mark.parametrize(
    ("labels", "scores", "groups", "said"),
    [
        ([-1.0], [0.5], [0], "no number of 0 or more"),
        ([np.nan], [0.5], [0], "no number of 0 or more"),
        ([1.0], [np.inf], [0], "1 of 1 predictions are no numbers"),
        ([1.0], [0.5], [0, 1], "not one each"),
    ],
)
def test_what_is_no_order_is_refused(labels: list, scores: list, groups: list, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ScoredOrders(labels, scores, [FIRST] * len(labels), groups, CUT)


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_of_two_equal_models_one_is_seldom_called_better(correlation: float) -> None:
    tries, called = 400, 0
    for seed in range(tries):
        one, other = make_nights(seed, correlation=correlation)
        found = estimate_improvement(one, other, "ndcg_loss", confidence=0.95)
        called += found is not None and found.lower > 0
    # 5 % and three standard errors of so many tries.
    assert called / tries < 0.05 + 3 * (0.05 * 0.95 / tries) ** 0.5


def test_what_a_window_says() -> None:
    scored = make_scored()
    found = scored.metrics()
    assert found.groups == len(list_groups(scored))
    assert found.numbers()["caught"] == scored.measure("caught")
    assert "orders" in found.describe()
    curves = scored.draw_curves()
    assert np.all(np.diff(curves["caught"].y) >= 0)
    assert len(curves["ndcg"].y) == len(scored.nights)
