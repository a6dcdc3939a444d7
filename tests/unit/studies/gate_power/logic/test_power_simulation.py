"""The simulated power is that of a closed form where there is one, and the same again with the same seed."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from delay_minutes import make_spec
from made_rows import short_spec
from scipy.special import expit, logit
from scipy.stats import norm

from redeye.declarations.specs import Spec
from redeye.studies.gate_power.describe_power import describe_tried
from redeye.studies.gate_power.logic.made_nights import SHARED, Circumstances
from redeye.studies.gate_power.logic.power_simulation import GAINED, Try, find_seen, try_gains

NIGHTS = Circumstances(rows=100, base_rate=0.3, correlation=0.0, auc=0.62)
TRIALS = 150


def make_easy_spec() -> Spec:
    """Gates of which only those that compare the log loss of the two on each window ever refuse."""
    spec = short_spec(test_nights=14, validation_nights=14)
    slices = spec.gates.slices.model_copy(update={"columns": ()})
    easy = {
        "primary_metric": "log_loss",
        "improvement_confidence": 0.5,
        "minimum_improvement": 0.0,
        "minimum_rows": 100,
        "minimum_nights": 7,
        "minimum_spread": 0.001,
        "maximum_calibration_error": 0.5,
        "maximum_auc_drop": 0.5,
        "maximum_auc": 1.0,
        "slices": slices,
    }
    return spec.model_copy(update={"gates": spec.gates.model_copy(update=easy)})


SPEC = make_easy_spec()


@pytest.fixture(scope="module")
def tried() -> list[Try]:
    return list(try_gains(SPEC, NIGHTS, trials=TRIALS, seed=1, report=lambda _: None))


def compute_power(gained: float) -> tuple[float, float]:
    """The expected gain, and the chance that it is above 0 on both windows, by numbers instead of labels.

    Rows are independent here, so the mean of a window's differences is normal: of 1,400 rows each.
    """
    random = np.random.default_rng(0)
    rate, count = NIGHTS.base_rate, 400_000
    labels = (np.arange(count) < rate * count).astype(float)
    information = NIGHTS.strength**2

    def tell(odds: np.ndarray, strength: float) -> np.ndarray:
        return odds + strength * (strength * (labels - 0.5) + random.normal(size=count))

    alike = tell(np.full(count, logit(rate)), np.sqrt(SHARED * information))
    own = (1 - SHARED) * information
    losses = [
        -np.log(np.where(labels > 0, expit(odds), expit(-odds)))
        for odds in (tell(alike, np.sqrt(own)), tell(alike, np.sqrt(own + gained**2)))
    ]
    better = losses[0] - losses[1]
    rows = 14 * NIGHTS.rows
    return float(better.mean()), float(norm.cdf(np.sqrt(rows) * better.mean() / better.std()) ** 2)


def test_a_candidate_that_is_no_better_passes_as_two_fair_coins_do(tried: list[Try]) -> None:
    # One on the test window and one on the nights that it was chosen by.
    assert tried[0].gain == 0
    assert tried[0].rate == pytest.approx(0.25, abs=3 * tried[0].error)


@pytest.mark.parametrize("place", [3, 5])
def test_a_known_gain_is_promoted_as_often_as_it_should_be(tried: list[Try], place: int) -> None:
    gain, power = compute_power(GAINED[place])
    assert tried[place].gain == pytest.approx(gain, rel=0.15)
    assert tried[place].rate == pytest.approx(power, abs=3 * tried[place].error)


def test_more_gain_is_promoted_more_often_and_the_gain_for_a_chance_lies_between(tried: list[Try]) -> None:
    assert all(one.rate <= other.rate + 0.05 for one, other in pairwise(tried))
    half, most = (find_seen(tried, chance, seed=1) for chance in (0.5, 0.8))
    assert 0 < half.gain < most.gain < tried[-1].gain
    assert 0 < half.error < half.gain
    assert np.isnan(find_seen(tried[:1], 0.8, seed=1).gain)


def test_the_same_seed_gives_the_same_and_another_one_another() -> None:
    first, again, other = (
        list(islice(try_gains(SPEC, NIGHTS, trials=20, seed=seed, report=lambda _: None), 2))
        for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


def test_a_project_too_small_for_its_gates_is_told_which_refuses(tried: list[Try]) -> None:
    spec = SPEC.model_copy(update={"gates": SPEC.gates.model_copy(update={"minimum_rows": 10_000})})
    found = list(try_gains(spec, NIGHTS, trials=20, seed=1, report=lambda _: None))
    assert len(found) == len(GAINED)
    said = " ".join(describe_tried(spec, NIGHTS, found))
    assert "Promoted in 80%: none that was tried" in said
    assert "refused by sample 100%" in said
    assert "log loss is better by 0.0" in " ".join(describe_tried(SPEC, NIGHTS, tried))


def test_a_kind_without_classes_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="gates of kind regression are not simulated"):
        next(try_gains(make_spec(tmp_path), NIGHTS, trials=20, seed=1, report=lambda _: None))
