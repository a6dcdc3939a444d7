"""Gates: the better one passes, and whatever is worse, missing, constant or seen before does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from redeye.core.evaluation import Scored
from redeye.core.gates import Contender, Gate, GateReport, judge
from redeye.core.spec_rules import Gates
from redeye.core.specs import load_spec
from redeye.core.splits import Window
from redeye.settings import PROJECT_ROOT

WINDOW = Window(date(2013, 3, 1), date(2013, 3, 21))
BEFORE = WINDOW.first - timedelta(days=3)
GATES: Gates = load_spec(PROJECT_ROOT / "ml" / "specs" / "flight_delay.yaml").gates
ROWS = 6300
random = np.random.default_rng(11)
SIGNAL = random.normal(size=ROWS)
LABELS = (random.random(ROWS) < 1 / (1 + np.exp(1.3 - SIGNAL))).astype(float)
NIGHTS = np.datetime64(WINDOW.first) + np.arange(ROWS) % WINDOW.nights


def contender(
    name: str, predictions: np.ndarray, *, seen_until: date = BEFORE, rows: int = ROWS
) -> Contender:
    return Contender(name, Scored(LABELS[:rows], predictions[:rows], NIGHTS[:rows]), seen_until)


def with_noise(noise: float) -> np.ndarray:
    made = np.random.default_rng(5)
    return 1 / (1 + np.exp(1.3 - SIGNAL + noise * made.normal(size=ROWS)))


GOOD, POOR = contender("good", with_noise(0.0)), contender("poor", with_noise(1.5))


def failed(report: GateReport) -> set[Gate]:
    assert not report.is_passed
    return {result.gate for result in report.results if not result.is_passed}


def test_a_better_candidate_passes():
    report = judge(GOOD, POOR, WINDOW, GATES, seed=1)
    assert report.is_passed, report.message()
    assert "all 6 gates passed" in report.message()


def test_a_worse_candidate_fails():
    assert {Gate.IMPROVEMENT, Gate.RANKING} <= failed(judge(POOR, GOOD, WINDOW, GATES, seed=1))


def test_the_champion_itself_is_no_improvement():
    assert failed(judge(GOOD, GOOD, WINDOW, GATES, seed=1)) == {Gate.IMPROVEMENT}


def test_an_improvement_within_the_noise_fails():
    barely = contender("barely", np.clip(with_noise(0.0) + 1e-4 * random.normal(size=ROWS), 0, 1))
    assert Gate.IMPROVEMENT in failed(judge(barely, GOOD, WINDOW, GATES, seed=1))


@pytest.mark.parametrize("who", ["candidate", "champion"])
def test_a_window_that_either_has_seen_fails(who: str):
    seen = WINDOW.first
    candidate = replace(GOOD, seen_until=seen) if who == "candidate" else GOOD
    champion = replace(POOR, seen_until=seen) if who == "champion" else POOR
    assert failed(judge(candidate, champion, WINDOW, GATES, seed=1)) == {Gate.UNSEEN}


def test_a_candidate_without_predictions_fails_everywhere():
    absent = replace(GOOD, scored=None)
    assert failed(judge(absent, POOR, WINDOW, GATES, seed=1)) == set(Gate) - {Gate.UNSEEN}


def test_a_champion_without_predictions_cannot_be_beaten():
    absent = replace(POOR, scored=None)
    assert failed(judge(GOOD, absent, WINDOW, GATES, seed=1)) == {Gate.IMPROVEMENT, Gate.RANKING}


def test_too_few_rows_fail():
    candidate, champion = (contender(n, with_noise(x), rows=2000) for n, x in (("good", 0.0), ("poor", 1.5)))
    assert Gate.SIZE in failed(judge(candidate, champion, WINDOW, GATES, seed=1))


def test_rows_outside_the_window_fail():
    shifted = Window(WINDOW.first + timedelta(days=1), WINDOW.last + timedelta(days=1))
    assert failed(judge(GOOD, POOR, shifted, GATES, seed=1)) == {Gate.SIZE}


def test_a_constant_candidate_fails():
    constant = contender("constant", np.full(ROWS, LABELS.mean()))
    assert {Gate.SPREAD, Gate.RANKING} <= failed(judge(constant, POOR, WINDOW, GATES, seed=1))


def test_a_miscalibrated_candidate_fails():
    too_high = contender("high", np.clip(with_noise(0.0) + 0.2, 0, 1))
    assert Gate.CALIBRATION in failed(judge(too_high, POOR, WINDOW, GATES, seed=1))


def test_one_class_only_fails():
    candidate, champion = (
        Contender(c.name, Scored(np.zeros(ROWS), c.scored.predictions, NIGHTS), BEFORE) for c in (GOOD, POOR)
    )
    assert Gate.RANKING in failed(judge(candidate, champion, WINDOW, GATES, seed=1))


def test_a_report_that_lacks_a_gate_does_not_pass():
    report = judge(GOOD, POOR, WINDOW, GATES, seed=1)
    assert not GateReport(WINDOW, report.results[1:]).is_passed
    assert not GateReport(WINDOW, ()).is_passed


def test_the_message_says_what_failed_with_value_and_bound():
    message = judge(POOR, GOOD, WINDOW, GATES, seed=1).message()
    assert "of 6 gates failed on nights 2013-03-01..2013-03-21" in message
    assert "improvement: log_loss of poor is better than good's by -" in message


def test_a_verdict_repeats_with_its_seed():
    assert (
        judge(GOOD, POOR, WINDOW, GATES, seed=1).to_dict()
        == judge(GOOD, POOR, WINDOW, GATES, seed=1).to_dict()
    )
