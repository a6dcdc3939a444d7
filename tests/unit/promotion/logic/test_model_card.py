"""A card says what a model is, and does not say what was not measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from delay_minutes import make_spec

from redeye.declarations.specs import load_spec
from redeye.features.logic.past_caveats import Caveat
from redeye.foundation.settings import SPECS
from redeye.models.kinds.interface import find_kind
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.kinds.scored_quantiles import ScoredQuantiles
from redeye.models.logic.splits import Window, Windows
from redeye.models.logic.training_subject import Subject
from redeye.promotion.logic.gates import GateInput, judge
from redeye.promotion.logic.model_card import Card
from redeye.warehouse.logic.releases import Release, ReleaseKind

NIGHT = date(2013, 3, 31)
RELEASE = Release(
    "2013-03-31.r1", NIGHT, 1, date(2012, 12, 31), ReleaseKind.HISTORY, 7, "deliveries", "c", "s"
)
SPANS = Windows(
    Window(date(2013, 1, 1), date(2013, 2, 20)),
    Window(date(2013, 2, 23), date(2013, 3, 8)),
    Window(date(2013, 3, 11), date(2013, 3, 24)),
)


@pytest.fixture
def subject():
    spec = load_spec(SPECS / "flight_delay.yaml")
    return Subject(spec, NIGHT, RELEASE, "code", "sha", "r", "ann", "a | b\nc", "http://airflow/x")


def scored(seed, noise):
    random = np.random.default_rng(seed)
    nights = np.repeat(np.arange("2013-03-11", "2013-03-25", dtype="datetime64[D]"), 300)
    late = np.random.default_rng(1).random(nights.size) < 0.25
    return ScoredProbabilities(
        late, np.clip(0.25 + (late - 0.25) * 0.3 + random.normal(0, noise, late.size), 0, 1), nights
    )


def card(subject, **values):
    return Card(
        subject=subject,
        algorithm="xgboost",
        version=2,
        rows=1000,
        windows=SPANS,
        environment={"python": "3.11.7"},
        **values,
    ).markdown()


def judged(subject):
    candidate, champion = scored(2, 0.1), scored(3, 0.2)
    report = judge(
        GateInput("candidate xgboost", candidate, SPANS.validation.last),
        GateInput("champion heuristic", champion, SPANS.validation.last),
        SPANS.test,
        find_kind(subject.spec),
    )
    return {"tested": candidate, "champion": ("version 1 (heuristic)", champion), "report": report}


def test_metrics_lie_within_their_interval_beside_the_champions(subject):
    found = judged(subject)
    text = card(subject, **found)
    row = next(line for line in text.splitlines() if line.startswith("| AUC |"))
    _, value, bounds, rival = (cell.strip() for cell in row.strip("|").split("|"))
    lower, upper = (float(bound) for bound in bounds.split(" to "))
    assert lower < float(value) < upper
    assert float(value) == pytest.approx(found["tested"].metrics().auc, abs=1e-4)
    assert float(rival) == pytest.approx(found["champion"][1].metrics().auc, abs=1e-4)


def test_every_gate_is_on_it_with_its_reason(subject):
    found = judged(subject)
    text = card(subject, **found)
    for result in found["report"].results:
        row = next(line for line in text.splitlines() if line.startswith(f"| {result.gate} |"))
        assert row.endswith(f"| {result.reason} |")
        for number in (result.value, result.bound):
            assert number is None or f"| {number:.4g} |" in row


def test_what_was_not_measured_is_not_claimed(subject):
    text = card(subject)
    assert "Not measured" in text
    assert "Not judged" in text
    assert "| AUC |" not in text


def test_the_specs_limits_and_audience_are_on_it(subject):
    text = card(subject)
    assert subject.spec.audience in text
    assert subject.spec.limits
    for limit in subject.spec.limits:
        assert f"- {limit}" in text


def test_a_reason_cannot_break_a_table(subject):
    assert "a \\| b c" in card(subject)


def test_the_data_section_says_what_nobody_can_know_of_its_datasets(subject):
    caveat = Caveat(
        "shops", ("the population", "feature view shop_sales"), ("rows that were deleted are not seen",)
    )
    found = card(subject, caveats=(caveat,))
    row = next(line for line in found.splitlines() if "nobody can know of shops" in line)
    assert "rows that were deleted are not seen (read by the population, feature view shop_sales)" in row
    assert found.index("## Data") < found.index(row) < found.index("## Quality")
    assert "nobody can know" not in card(subject)


def test_a_card_of_numbers_tells_loss_coverage_and_bias_of_each_slice(subject, tmp_path):
    spec = make_spec(tmp_path)
    nights = np.repeat(np.arange("2013-03-11", "2013-03-25", dtype="datetime64[D]"), 100)
    random = np.random.default_rng(2)
    is_off = np.arange(nights.size) % 2 == 0
    labels = random.normal(size=nights.size) + 2 * is_off
    tested = ScoredQuantiles(labels, np.tile([0.0, -1.28, 1.28], (nights.size, 1)), nights, (0.1, 0.5, 0.9))
    groups = {"carrier_id": np.where(is_off, "AA", "B6")}
    text = card(replace(subject, spec=spec), tested=tested, groups=groups)
    (head,) = [line for line in text.splitlines() if line.startswith("| slice")]
    assert head == (
        "| slice | rows | pinball loss | above the label by | within the bounds (80%) | up to the number (50%) |"
    )
    off, kept = (line.split(" | ") for line in text.splitlines() if line.startswith("| carrier_id="))
    assert off[0] == "| carrier_id=AA"
    assert off[1] == "700"
    assert off[3] == f"{-labels[is_off].mean():.4f}"
    assert off[4].startswith(f"{(np.abs(labels[is_off]) <= 1.28).mean():.1%} (")
    assert off[4].endswith("): off")
    assert "off" not in " ".join(kept)
    assert "slice" not in card(subject, tested=scored(2, 0.1), groups=groups).partition("## Gates")[0]
