"""Nights like those a model learned from never ask for a training; nights that changed do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.spec_candidates import Candidates
from redeye.declarations.specs import Spec, load_spec
from redeye.features.known_past import KnownPast
from redeye.foundation.settings import SPECS
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Interval
from redeye.models.logic.splits import plan_windows
from redeye.models.logic.training import fit_candidates, score_rows, select_rows
from redeye.monitoring.logic.quality import measure_quality, measure_window
from redeye.monitoring.logic.verdict import judge
from redeye.promotion import train
from redeye.promotion.logic.decision import NightVerdict, decide
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

FIRST = date(2013, 6, 1)
CONSECUTIVE = 14
# A day's run takes the first of them.
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 8))]

Draw = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


class Learned:
    """A model by XGBoost, its training rows with its predictions, and its own test."""

    def __init__(self, nights: Any) -> None:
        whole = load_spec(SPECS / f"{nights.model}.yaml")
        only = whole.algorithms.model_copy(update={"logistic": None, "torch": None})
        self.spec: Spec = whole.model_copy(update={"algorithms": only, "candidates": Candidates()})
        release = release_store.covering_release(nights.history_ends)
        assert release is not None
        frame = train._frame(self.spec, release, nights.history_ends, KnownPast())
        spans = plan_windows(nights.history_ends, self.spec.split, maturity=2, first_night=date(2012, 12, 31))
        heuristic, model = fit_candidates(frame, self.spec, spans, seed=1, threads=2)
        rows = select_rows(frame, self.spec, spans.train)
        self.rows = pd.DataFrame(
            {
                "night": pd.to_datetime(rows["night"]).to_numpy(),
                "label": rows["is_late"].to_numpy(dtype=float),
                "probability": model.model.predict(rows),
                "baseline": heuristic.model.predict(rows),
            }
        )
        test = score_rows(model.model, select_rows(frame, self.spec, spans.test), self.spec)
        found = measure_quality(test)
        self.reference: dict[str, Interval] = {name: one for name, one in found.items() if one is not None}


@pytest.fixture(scope="module")
def learned(nights: Any) -> Learned:
    return Learned(nights)


def flights(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """A night of flights from anywhere in the training."""
    return rows.iloc[generator.integers(0, len(rows), 900)]


def whole_night(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """A night as it was in the training, with its weather."""
    return rows[rows["night"] == generator.choice(rows["night"].unique())]


def months_later(rows: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """A night on which only half as many flights are late as on such nights then: as in September."""
    night = whole_night(rows, generator)
    spared = (night["label"] > 0) & (generator.random(len(night)) < 0.6)
    return night.assign(label=night["label"].where(~spared, 0.0))


def requests(learned: Learned, draw: Draw, seed: int) -> tuple[list[date], list[Verdict]]:
    """The requests, and the verdicts, of consecutive nights that are drawn."""
    generator, rules = np.random.default_rng(seed), learned.spec.monitor
    drawn = [draw(learned.rows, generator) for _ in range(rules.window_nights + CONSECUTIVE)]
    days = [FIRST + timedelta(days=number) for number in range(len(drawn))]
    verdicts: list[NightVerdict] = []
    asked: list[date] = []
    for number in range(rules.window_nights, len(drawn)):
        recent = range(number - rules.window_nights, number)
        window = pd.concat([drawn[one].assign(night=pd.Timestamp(days[one])) for one in recent])
        one, other = (
            ScoredProbabilities(window["label"], window[name], window["night"])
            for name in ("probability", "baseline")
        )
        found = judge(measure_window(one, other, reference=learned.reference), rules)
        verdicts.append(NightVerdict(days[number], found.verdict, found.reasons))
        if decide(verdicts, asked, [], rules.retraining, days[number]).is_requested:
            asked.append(days[number])
    return asked, [each.verdict for each in verdicts]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("draw", [flights, whole_night])
def test_fourteen_nights_of_its_own_training_ask_for_nothing(learned: Learned, draw: Draw, seed: int) -> None:
    asked, verdicts = requests(learned, draw, seed)
    assert len(verdicts) == CONSECUTIVE
    assert asked == [], verdicts


@pytest.mark.parametrize("seed", SEEDS)
def test_nights_that_changed_ask_once(learned: Learned, seed: int) -> None:
    asked, verdicts = requests(learned, months_later, seed)
    assert len(asked) == 1, verdicts
