"""Which pairs are put against each other on which nights, and what a hint does."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from made_rows import made_frame, short_spec

from redeye.declarations.specs import Spec
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.logic.splits import Window
from redeye.models.logic.training import SEED, make_examples, read_nights
from redeye.promotion.logic.gate_report import Gate
from redeye.studies.gate_power.logic.gate_power import (
    OPERATIONAL,
    STRENGTHS,
    Pair,
    Power,
    measure_power,
    pairs,
    try_candidate,
)
from redeye.studies.gate_power.logic.harmful_candidates import Incumbent

LAST = date(2013, 4, 10)


def made_spec() -> Spec:
    spec = short_spec()
    slices = spec.gates.slices.model_copy(update={"columns": ()})
    easy = {
        "bootstrap_samples": 100,
        "minimum_rows": 100,
        "minimum_nights": 7,
        "minimum_spread": 0.001,
        "maximum_calibration_error": 0.5,
        "maximum_auc": 1.0,
        "slices": slices,
    }
    return spec.model_copy(update={"gates": spec.gates.model_copy(update=easy)})


SPEC = made_spec()
FRAME = made_frame(SPEC, nights=100, per_night=40)
HEURISTIC = SPEC.algorithms.heuristic
assert HEURISTIC is not None
COUNTS = tuple(name.replace(":", "__") for name in (HEURISTIC.successes, HEURISTIC.trials))
# As the rows were made, and one that trusts its prior more than it ought.
SOUND, STIFF = (HeuristicModel(*COUNTS, prior=0.3, prior_strength=strength) for strength in (1, 200))


def incumbents(*seen: date) -> list[Incumbent]:
    return [Incumbent(f"m{number}", SOUND, each) for number, each in enumerate(seen)]


def paired(models: list[Incumbent], **more: int) -> list[Pair]:
    return list(pairs(FRAME, SPEC, models, **{"back": 1, "step": 1, "until": 0, **more}))


@pytest.fixture
def pair() -> Pair:
    models = [Incumbent("older", STIFF, date(2013, 3, 1)), Incumbent("newer", SOUND, date(2013, 3, 10))]
    (found,) = paired(models)
    return found


def test_a_window_begins_when_the_first_label_that_neither_saw_is_mature(pair: Pair):
    first = date(2013, 3, 10) + timedelta(days=SPEC.label_maturity_nights + 1)
    assert pair.window == Window(first, first + timedelta(days=SPEC.split.test_nights - 1))
    for rows, window in (
        (pair.rows, pair.window),
        (
            pair.before,
            Window(date(2013, 3, 10) - timedelta(days=SPEC.split.validation_nights - 1), date(2013, 3, 10)),
        ),
    ):
        nights = read_nights(rows, SPEC)
        assert (nights.min(), nights.max()) == (np.datetime64(window.first), np.datetime64(window.last))
        assert len(rows) == 40 * window.nights


@pytest.mark.parametrize(
    ("back", "expected"),
    [(0, []), (1, ["m0 m1", "m1 m2"]), (2, ["m0 m1", "m0 m2", "m1 m2"]), (9, ["m0 m1", "m0 m2", "m1 m2"])],
)
def test_each_model_is_put_against_those_before_it(back: int, expected: list[str]):
    models = incumbents(*(date(2013, 2, day) for day in (1, 8, 15)))
    assert [f"{each.older.name} {each.newer.name}" for each in paired(models, back=back)] == expected


def test_windows_follow_each_other_by_the_step_to_the_last_allowed_one():
    starts = [
        each.window.first for each in paired(incumbents(date(2013, 2, 1), date(2013, 2, 8)), step=5, until=10)
    ]
    assert [(then - now).days for now, then in pairwise(starts)] == [5, 5]
    assert len(paired(incumbents(date(2013, 2, 1), date(2013, 2, 8)), step=5, until=9)) == 2


@pytest.mark.parametrize(("spare", "count"), [(0, 1), (-1, 0)])
def test_a_window_ends_with_the_rows_at_the_latest(spare: int, count: int):
    length = SPEC.label_maturity_nights + SPEC.split.test_nights
    seen = LAST - timedelta(days=length + spare)
    assert read_nights(FRAME, SPEC).max() == np.datetime64(LAST)
    assert len(paired(incumbents(date(2013, 2, 1), seen))) == count


def test_without_a_hint_the_candidate_says_what_its_model_does(pair: Pair):
    found = pair.candidate(0.0)
    for scored, rows in ((found.scored, pair.rows), (found.before, pair.before)):
        assert scored is not None
        assert np.sort(scored.predictions) == pytest.approx(np.sort(SOUND.predict(rows)))
    assert (found.name, found.seen_until) == ("newer", date(2013, 3, 10))
    assert found.probes is not None


def test_the_champion_is_the_older_one_and_gets_no_hint(pair: Pair):
    champion = pair.champion
    assert champion.seen_until == date(2013, 3, 1)
    for scored, rows in ((champion.scored, pair.rows), (champion.before, pair.before)):
        assert scored is not None
        assert np.sort(scored.predictions) == pytest.approx(np.sort(STIFF.predict(rows)))


def test_a_clearer_hint_makes_better_predictions_that_are_as_well_calibrated(pair: Pair):
    scored = [pair.candidate(strength).scored for strength in (0.0, 1.0, 2.0)]
    assert all(one is not None for one in scored)
    metrics = [asdict(one.metrics()) for one in scored if one is not None]
    assert all(then["log_loss"] < now["log_loss"] - 0.03 for now, then in pairwise(metrics))
    assert all(one["mean_prediction"] == pytest.approx(one["base_rate"], abs=0.06) for one in metrics)


def test_a_hint_is_the_update_by_bayes_rule_of_what_the_model_said(pair: Pair):
    # Of the two distributions that the hint may come from, the log of their ratio is strength times the hint.
    strength, labels = 0.7, make_examples(pair.rows, SPEC).labels
    said = SOUND.predict(pair.rows)
    told = pair.candidate(strength).scored
    assert told is not None
    order = np.argsort(-np.asarray(told.predictions))
    odds = np.log(told.predictions / (1 - told.predictions))[order]
    noise = np.random.default_rng([SEED, pair.window.first.toordinal()]).normal(size=len(said))
    hint = strength * (labels - 0.5) + noise
    expected = np.log(said / (1 - said)) + strength * hint
    assert odds == pytest.approx(np.sort(expected)[::-1])


def test_the_gain_is_by_how_much_the_candidates_log_loss_is_lower(pair: Pair):
    found = try_candidate(pair, 1.0)
    losses = [
        one.scored.measure("log_loss") if one.scored else None for one in (pair.champion, pair.candidate(1.0))
    ]
    assert losses[0] is not None
    assert losses[1] is not None
    assert found.gain == pytest.approx(losses[0] - losses[1])
    assert found.gain > 0
    assert (found.window, found.older, found.newer) == (pair.window, pair.older.name, pair.newer.name)


def test_all_gates_judge_a_candidate_and_only_those_of_quality_the_power(pair: Pair):
    fast = SPEC.gates.model_copy(update={"maximum_megabytes": 1e-9})
    heavy = replace(pair, spec=SPEC.model_copy(update={"gates": fast}))
    assert try_candidate(pair, 2.0).failed == ()
    assert try_candidate(heavy, 2.0).failed == (Gate.SIZE,)
    (power,) = measure_power([heavy], strengths=(2.0,))
    assert (power.passed, power.of) == (1, 1)
    assert {Gate.ROBUSTNESS, Gate.BATCH_INVARIANCE, Gate.LATENCY, Gate.SIZE} == OPERATIONAL


def test_the_power_is_measured_at_every_strength_however_early_it_is_enough(pair: Pair):
    level = replace(pair, older=replace(pair.older, model=SOUND))
    powers = list(measure_power([level, level], strengths=(0.0, 2.0, 3.0)))
    assert [(one.strength, one.passed, one.of) for one in powers] == [(0.0, 0, 2), (2.0, 2, 2), (3.0, 2, 2)]
    assert powers[1].gain == pytest.approx(try_candidate(level, 2.0).gain)


def test_hints_grow_from_none_to_one_standard_deviation():
    assert (STRENGTHS[0], STRENGTHS[-1]) == (0, 1)
    assert list(STRENGTHS) == sorted(set(STRENGTHS))


def test_the_rate_is_the_share_that_passes():
    assert Power(0.1, 0.0, passed=1, of=4).rate == 0.25


def test_a_model_without_log_loss_has_no_gain(pair: Pair):
    nowhere = replace(pair, older=replace(pair.older, model=HeuristicModel("a", "b", 0.2, 1)))
    with pytest.raises(ValueError, match="older has no log loss on the window"):
        try_candidate(nowhere, 0.0)
