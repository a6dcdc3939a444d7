"""Gates: the better one passes, and whatever is worse, missing, constant or seen before does not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest

from redeye.declarations.spec_rules import Gates
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import PROJECT_ROOT
from redeye.models.algorithms.base import Inputs
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.kinds.interface import find_kind
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.splits import Window
from redeye.promotion.logic.gate_report import Gate, GateReport
from redeye.promotion.logic.gates import GateInput, judge
from redeye.promotion.logic.robustness_probes import RobustnessProbes

WINDOW = Window(date(2013, 3, 1), date(2013, 3, 21))
BEFORE = WINDOW.first - timedelta(days=3)
SPEC = load_spec(PROJECT_ROOT / "ml" / "specs" / "flight_delay.yaml")
SPEC_GATES: Any = SPEC.gates
GATES = SPEC_GATES.model_copy(update={"improvement_confidence": None})
ROWS = 6300
random = np.random.default_rng(11)
SIGNAL = random.normal(size=ROWS)
LABELS = (random.random(ROWS) < 1 / (1 + np.exp(1.3 - SIGNAL))).astype(float)
BASE_RATE = 0.25
NIGHTS = np.datetime64(WINDOW.first) + np.arange(ROWS) % WINDOW.nights
CARRIERS = random.choice(["AA", "B6", "HA", "UA"], ROWS, p=[0.3, 0.4, 0.01, 0.29])
GROUPS = {"origin_id": random.choice(["EWR", "JFK"], ROWS), "carrier_id": CARRIERS}
COUNTS = ("past__late", "past__flights")
FRAME = pd.DataFrame(
    {"past__late": random.integers(0, 30, 300), "past__flights": 60, "carrier_id": CARRIERS[:300]}
)
MODEL = HeuristicModel(*COUNTS, prior=0.2, prior_strength=50)


def tried(model: HeuristicModel = MODEL) -> RobustnessProbes:
    return RobustnessProbes(model, FRAME, Inputs(COUNTS, ("carrier_id",)))


def contender(
    name: str, predictions: np.ndarray, *, seen_until: date = BEFORE, rows: int = ROWS
) -> GateInput:
    scored = ScoredProbabilities(LABELS[:rows], predictions[:rows], NIGHTS[:rows])
    return GateInput(name, scored, seen_until, tried(), before=scored, base=BASE_RATE)


def decide(candidate: GateInput, champion: GateInput, window: Window = WINDOW, gates: Gates = GATES, **more):
    kind = find_kind(SPEC.model_copy(update={"gates": gates}))
    return judge(candidate, champion, window, kind, **{"groups": GROUPS, **more})


def with_noise(noise: float) -> np.ndarray:
    made = np.random.default_rng(5)
    return 1 / (1 + np.exp(1.3 - SIGNAL + noise * made.normal(size=ROWS)))


GOOD, POOR = contender("good", with_noise(0.0)), contender("poor", with_noise(1.5))


def failed(report: GateReport) -> set[Gate]:
    assert not report.is_passed
    return {result.gate for result in report.results if not result.is_passed}


def test_a_window_of_one_class_fails_with_a_sentence():
    late = ScoredProbabilities(np.ones(ROWS), with_noise(0.0), NIGHTS)
    report = decide(replace(GOOD, scored=late), replace(POOR, scored=late))
    assert {Gate.SAMPLE, "ranking"} <= failed(report)
    sample = next(each for each in report.results if each.gate is Gate.SAMPLE)
    assert (
        "every one of the 6,300 outcomes is true, so that no model can be told from another" in sample.reason
    )
    assert all(np.isfinite(curve.y).all() for curve in late.draw_curves().values())


def test_a_better_candidate_passes():
    report = decide(GOOD, POOR)
    assert report.is_passed, report.message()
    assert "all 14 gates passed" in report.message()


def test_a_worse_candidate_fails():
    assert {Gate.IMPROVEMENT, Gate.RANKING} <= failed(decide(POOR, GOOD))


def test_a_candidate_that_was_worse_before_the_window_fails():
    lucky = replace(GOOD, before=contender("then", with_noise(2.5)).scored)
    assert failed(decide(lucky, POOR)) == {Gate.CONSISTENCY}


@pytest.mark.parametrize("who", ["candidate", "champion"])
def test_without_the_nights_it_was_chosen_by_a_candidate_fails(who: str):
    candidate = replace(GOOD, before=None) if who == "candidate" else GOOD
    champion = replace(POOR, before=None) if who == "champion" else POOR
    assert failed(decide(candidate, champion)) == {Gate.CONSISTENCY}


def test_a_candidate_worse_than_the_base_rate_fails_however_bad_the_champion_is():
    """As where the champion counts another outcome: the candidate says half as much too much, and is far better."""
    far_off, better = (
        contender(name, 1 / (1 + np.exp(1.3 - SIGNAL - shift)))
        for name, shift in (("far off", 4), ("better", 2.5))
    )
    report = decide(better, far_off)
    assert failed(report) == {Gate.BASE_RATE}
    (result,) = report.failed
    alone = -float(np.mean(np.where(LABELS > 0, np.log(BASE_RATE), np.log(1 - BASE_RATE))))
    assert result.value == pytest.approx(alone - better.scored.measure("log_loss"))
    assert result.value < -0.1
    assert f"against {alone:.4f}" in result.reason
    assert "base rate of its training, 25.00%" in result.reason


@pytest.mark.parametrize(
    ("made", "rate", "better_in"),
    [
        pytest.param(
            np.where(np.arange(ROWS) % 40 == 0, 1e-6, with_noise(0.0)),
            BASE_RATE,
            "brier",
            id="sure and wrong",
        ),
        pytest.param(0.55 + 0.1 * with_noise(0.0), 0.001, "log_loss", id="against a rate that was surer"),
    ],
)
def test_what_is_better_than_the_base_rate_in_one_measure_alone_fails(
    made: np.ndarray, rate: float, better_in: str
):
    candidate = replace(contender("made", made), base=rate)
    ours, alone = (
        contender(name, said).scored.metrics() for name, said in (("", made), ("", np.full(ROWS, rate)))
    )
    is_better = {metric: getattr(ours, metric) < getattr(alone, metric) for metric in ("log_loss", "brier")}
    assert [metric for metric, is_so in is_better.items() if is_so] == [better_in]
    assert Gate.BASE_RATE in failed(decide(candidate, POOR))


@pytest.mark.parametrize(("rate", "is_passed"), [(0.02, True), (float(LABELS.mean()), False)])
def test_one_number_for_all_is_as_good_as_the_base_rate_only_if_it_is_closer(rate: float, is_passed: bool):
    constant = replace(contender("constant", np.full(ROWS, LABELS.mean() + 0.01)), base=rate)
    assert (Gate.BASE_RATE not in failed(decide(constant, POOR))) is is_passed


def test_without_the_base_rate_of_its_training_a_candidate_fails():
    assert failed(decide(replace(GOOD, base=None), POOR)) == {Gate.BASE_RATE}


def test_the_champion_itself_is_no_improvement():
    assert failed(decide(GOOD, GOOD)) == {Gate.IMPROVEMENT}


def test_an_improvement_within_the_noise_fails():
    barely = contender("barely", np.clip(with_noise(0.0) + 1e-4 * random.normal(size=ROWS), 0, 1))
    assert Gate.IMPROVEMENT in failed(decide(barely, GOOD))


def test_where_the_difference_itself_counts_the_better_one_passes_and_the_worse_one_does_not():
    assert SPEC_GATES.improvement_confidence == 0.5
    little = contender("a little worse", with_noise(0.1))
    assert Gate.IMPROVEMENT in failed(decide(GOOD, little))
    assert decide(GOOD, little, gates=SPEC_GATES).is_passed
    assert Gate.IMPROVEMENT in failed(decide(little, GOOD, gates=SPEC_GATES))
    assert Gate.IMPROVEMENT in failed(decide(GOOD, GOOD, gates=SPEC_GATES))
    for rounding in (1 - 1e-13, 1 + 1e-13):
        same = contender("the same but for rounding", with_noise(0.0) * rounding)
        assert Gate.IMPROVEMENT in failed(decide(same, GOOD, gates=SPEC_GATES))


@pytest.mark.parametrize("who", ["candidate", "champion"])
def test_a_window_that_either_has_seen_fails(who: str):
    seen = WINDOW.first
    candidate = replace(GOOD, seen_until=seen) if who == "candidate" else GOOD
    champion = replace(POOR, seen_until=seen) if who == "champion" else POOR
    assert failed(decide(candidate, champion)) == {Gate.UNSEEN}


def test_a_candidate_without_predictions_fails_everywhere():
    absent = replace(GOOD, scored=None)
    of_its_own = {
        Gate.UNSEEN,
        Gate.CONSISTENCY,
        Gate.ROBUSTNESS,
        Gate.BATCH_INVARIANCE,
        Gate.LATENCY,
        Gate.SIZE,
    }
    assert failed(decide(absent, POOR)) == set(Gate) - of_its_own


def test_a_champion_without_predictions_cannot_be_beaten():
    absent = replace(POOR, scored=None)
    assert failed(decide(GOOD, absent)) == {
        Gate.IMPROVEMENT,
        Gate.RANKING,
        Gate.SLICES,
    }


def test_too_few_rows_fail():
    candidate, champion = (contender(n, with_noise(x), rows=2000) for n, x in (("good", 0.0), ("poor", 1.5)))
    groups = {column: values[:2000] for column, values in GROUPS.items()}
    assert failed(decide(candidate, champion, groups=groups)) == {Gate.SAMPLE}


def test_rows_outside_the_window_fail():
    shifted = Window(WINDOW.first + timedelta(days=1), WINDOW.last + timedelta(days=1))
    assert failed(decide(GOOD, POOR, shifted)) == {Gate.SAMPLE}


def test_a_constant_candidate_fails():
    constant = contender("constant", np.full(ROWS, LABELS.mean()))
    assert {Gate.SPREAD, Gate.RANKING} <= failed(decide(constant, POOR))


def test_a_miscalibrated_candidate_fails():
    too_high = contender("high", np.clip(with_noise(0.0) + 0.2, 0, 1))
    assert Gate.CALIBRATION in failed(decide(too_high, POOR))


def test_a_miscalibrated_candidate_passes_where_the_champion_is_significantly_worse():
    high, higher = (contender("high", np.clip(with_noise(0.0) + by, 0, 1)) for by in (0.13, 0.2))
    report = decide(high, higher)
    assert report.is_passed, report.message()
    result = next(one for one in report.results if one.gate is Gate.CALIBRATION)
    assert SPEC_GATES.maximum_calibration_error < result.value <= result.bound


def test_a_miscalibrated_candidate_fails_where_the_champion_is_off_as_much():
    high = replace(contender("high", np.clip(with_noise(0.0) + 0.13, 0, 1)), before=GOOD.scored)
    assert failed(decide(high, contender("flat", 0.26 + 0.02 * with_noise(0.0)))) == {Gate.CALIBRATION}


def ruined(is_in: np.ndarray) -> GateInput:
    made = with_noise(0.0)
    return contender("ruined", np.where(is_in, 1 - made, made))


def test_one_ruined_slice_fails_though_the_whole_is_better():
    is_in = CARRIERS == "AA"
    poor_elsewhere = contender("poor", np.where(is_in, with_noise(1.0), with_noise(4.0)))
    # That ruin costs more than the whole gains on one number for all.
    candidate = replace(ruined(is_in & (GROUPS["origin_id"] == "EWR")), base=0.01)
    report = decide(candidate, poor_elsewhere)
    assert failed(report) == {Gate.SLICES}
    assert "carrier_id=AA" in report.message()


def test_a_small_slice_is_pooled_and_its_ruin_weighs_as_much():
    report = decide(ruined(CARRIERS == "HA"), POOR)
    parts = {part.name: part for result in report.results for part in result.parts}
    assert "carrier_id=HA" not in parts
    assert parts["carrier_id=other"].rows >= GATES.slices.minimum_rows
    assert sum(part.rows for name, part in parts.items() if name.startswith("carrier_id")) == ROWS


def test_a_slice_column_that_is_not_there_fails():
    assert failed(decide(GOOD, POOR, groups={"origin_id": GROUPS["origin_id"]})) == {Gate.SLICES}


def test_a_slice_of_two_nights_cannot_be_compared_and_fails():
    rare = {**GROUPS, "origin_id": np.where(NIGHTS[0] + np.timedelta64(2, "D") > NIGHTS, "LGA", "EWR")}
    report = decide(GOOD, POOR, groups=rare)
    assert failed(report) == {Gate.SLICES}
    assert "origin_id=LGA cannot be compared" in report.message()


def test_a_spec_without_slices_is_judged_on_the_whole():
    gates = GATES.model_copy(update={"slices": GATES.slices.model_copy(update={"columns": ()})})
    assert decide(GOOD, POOR, gates=gates, groups={}).is_passed


def test_too_good_to_be_true_fails():
    oracle = contender("oracle", 0.2 + 0.6 * LABELS - 0.1 * with_noise(0.0))
    assert Gate.PLAUSIBILITY in failed(decide(oracle, POOR))


@dataclass(frozen=True)
class Odd(HeuristicModel):
    """A model with one oddity in how it predicts."""

    oddity: str = ""

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        given = super().predict(frame)
        match self.oddity:
            case "raises" if frame["carrier_id"].isna().any():
                raise ZeroDivisionError("no carrier")
            case "nan":
                return np.where(frame["past__flights"].isna(), np.nan, given)
            case "in company":
                return given - given.mean() + 0.2
            case "slow":
                time.sleep(0.002 * len(frame))
            case "reads more":
                return given + 0.0 * frame["is_late"]
        return given

    def files(self) -> dict[str, bytes]:
        return {"oddity": self.oddity.encode() * (200 if self.oddity == "fat" else 1)}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        return cls(*COUNTS, prior=0.2, prior_strength=50, oddity=files["oddity"].decode())


def test_every_oddity_fails_at_its_own_gate_and_nowhere_else():
    strict = GATES.model_copy(update={"maximum_seconds": 0.5, "maximum_megabytes": 0.0005})
    expected = {
        "": set(),
        "raises": {Gate.ROBUSTNESS},
        "nan": {Gate.ROBUSTNESS},
        "in company": {Gate.BATCH_INVARIANCE},
        "slow": {Gate.LATENCY},
        "fat": {Gate.SIZE},
        "reads more": {Gate.ROBUSTNESS, Gate.BATCH_INVARIANCE, Gate.LATENCY},
    }
    for oddity, gates in expected.items():
        odd = replace(GOOD, probes=tried(Odd(*COUNTS, prior=0.2, prior_strength=50, oddity=oddity)))
        report = decide(odd, POOR, gates=strict)
        assert {result.gate for result in report.failed} == gates, (oddity, report.message())


def test_what_a_model_raises_is_the_reason():
    odd = Odd(*COUNTS, prior=0.2, prior_strength=50, oddity="raises")
    message = decide(replace(GOOD, probes=tried(odd)), POOR).message()
    assert "every category missing: ZeroDivisionError: no carrier" in message


def test_a_candidate_that_was_not_tried_fails():
    untried = replace(GOOD, probes=None)
    assert failed(decide(untried, POOR)) == {Gate.ROBUSTNESS, Gate.BATCH_INVARIANCE, Gate.LATENCY, Gate.SIZE}


def test_the_report_names_what_was_judged():
    assert decide(GOOD, POOR, artifact_sha256="abc").to_dict()["artifact_sha256"] == "abc"


def test_one_class_only_fails():
    candidate, champion = (
        GateInput(c.name, ScoredProbabilities(np.zeros(ROWS), c.scored.predictions, NIGHTS), BEFORE)
        for c in (GOOD, POOR)
    )
    assert Gate.RANKING in failed(decide(candidate, champion))


def test_a_report_that_lacks_a_gate_does_not_pass():
    report = decide(GOOD, POOR)
    assert not GateReport(WINDOW, report.results[1:]).is_passed
    assert not GateReport(WINDOW, ()).is_passed


def test_the_message_says_what_failed_with_value_and_bound():
    message = decide(POOR, GOOD).message()
    assert "of 14 gates failed on nights 2013-03-01..2013-03-21" in message
    assert "improvement: log_loss of poor is better than good's by -" in message


def test_a_verdict_repeats_with_its_seed():
    # But for the one that is measured by the clock.
    first, again = (
        [result for result in decide(GOOD, POOR).results if result.gate is not Gate.LATENCY] for _ in range(2)
    )
    assert first == again
