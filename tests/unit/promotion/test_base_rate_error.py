"""How often the gate `base_rate` refuses a sound candidate, on made-up nights: what docs/explanation/gates.md says."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy.special import expit, logit

from redeye.declarations.specs import load_spec
from redeye.foundation.settings import PROJECT_ROOT, SPECS
from redeye.models.kinds.interface import find_kind
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.splits import Window
from redeye.promotion.logic.gate_report import Gate
from redeye.promotion.logic.gates import GateInput, judge

KIND = find_kind(load_spec(SPECS / "flight_delay.yaml"))
FIRST, NIGHTS, ROWS, DRAWS = date(2013, 3, 1), 14, 900, 200
WINDOW = Window(FIRST, FIRST + timedelta(days=NIGHTS - 1))
# Of the log odds: what resembles from one night to the next, how much nights differ, and the window from training.
LIKENESS, BETWEEN_NIGHTS, SINCE_TRAINING = 0.45, 0.5, 0.3


def draw(random: np.random.Generator, rate: float, signal: float) -> tuple[GateInput, float]:
    """A candidate that knows half of what moves the odds of a row, and its AUC; nothing tells it about a night."""
    known, unknown = signal * random.normal(size=(2, NIGHTS * ROWS)) / np.sqrt(2)
    night = np.empty(NIGHTS)
    night[0] = random.normal()
    for number in range(1, NIGHTS):
        night[number] = LIKENESS * night[number - 1] + np.sqrt(1 - LIKENESS**2) * random.normal()
    odds = logit(rate) - 0.3 * signal**2 + known
    shift = np.repeat(BETWEEN_NIGHTS * night, ROWS) + SINCE_TRAINING * random.normal()
    labels = (random.random(odds.size) < expit(odds + unknown + shift)).astype(float)
    days = np.datetime64(FIRST) + np.repeat(np.arange(NIGHTS), ROWS)
    # As it would have learned them: a row's probability whatever the night, and the rate of all.
    said = expit(odds + 0.3 * signal**2 / 2)
    scored = ScoredProbabilities(labels, said, days)
    made = GateInput("made", scored, FIRST - timedelta(days=3), base=float(said.mean()))
    return made, scored.metrics().auc or 0.5


@pytest.mark.parametrize(
    ("rate", "signal"), [(0.2, 0.4), (0.02, 1.0), (0.02, 0.4), (0.005, 1.0), (0.005, 0.4)]
)
def test_the_error_is_the_published_one(rate: float, signal: float):
    random = np.random.default_rng(15)
    refused, ranked = 0, []
    for _ in range(DRAWS):
        made, auc = draw(random, rate, signal)
        report = judge(made, made, WINDOW, KIND)
        refused += Gate.BASE_RATE in {result.gate for result in report.failed}
        ranked.append(auc)
    row = f"| {100 * rate:g} % | {np.mean(ranked):.2f} | {refused} of {DRAWS} |"
    assert row in (PROJECT_ROOT / "docs" / "explanation" / "gates.md").read_text(encoding="utf-8"), row
