"""The loop of the backtest: what asks for a training, and what the gates let serve."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
from made_rows import FIRST, short_spec

from redeye.declarations.calendar import cutoff
from redeye.declarations.spec_rules import Retraining
from redeye.models.logic.splits import Window
from redeye.studies.backtest.logic import schedules
from redeye.studies.backtest.logic.loop import Request, Rules, play_loop
from redeye.studies.backtest.logic.schedules import TrainedModel

SINCE = FIRST + timedelta(days=45)
LAST = FIRST + timedelta(days=119)
SERVED = Window(SINCE, LAST)


def ruled(**monitor):
    spec = short_spec()
    rules = {"minimum_rows": 300, "window_nights": 10, **monitor}
    trees = spec.algorithms.xgboost.model_copy(update={"learning_rate": 0.3, "max_depth": 3})
    return spec.model_copy(
        update={
            "monitor": spec.monitor.model_copy(update=rules),
            "algorithms": spec.algorithms.model_copy(update={"xgboost": trees}),
        }
    )


def play(frame: pd.DataFrame, spec, rules: Rules) -> list[Request]:
    held: dict[date, TrainedModel] = {}

    def of(night: date) -> TrainedModel:
        if night not in held:
            fitted, test = schedules.train(frame, spec, night, algorithm="xgboost", threads=1)
            held[night] = TrainedModel(fitted.name, fitted.model, test)
        return held[night]

    first = schedules.first_decision(spec, SINCE)
    rows = schedules.select_served_rows(frame, spec, SERVED, first)
    return list(play_loop(frame, spec, rows, SERVED, of, rules))


def requested(frame: pd.DataFrame, spec) -> list[date]:
    return [each.night for each in play(frame, spec, Rules())]


def test_a_model_that_has_gone_wrong_is_asked_to_be_trained_again_and_not_too_often(frame):
    rules = Retraining(persistence_nights=2, of_nights=3, cooldown_nights=14, budget_per_month=2)
    asked = requested(frame, ruled(retraining=rules))
    turned = SINCE + timedelta(days=20)
    assert asked
    # Two nights until labels mature, and some until the window holds enough of them.
    assert turned + timedelta(days=3) < asked[0] <= turned + timedelta(days=14)
    assert all((later - earlier).days > 14 for earlier, later in pairwise(asked))


def test_a_verdict_does_not_look_at_labels_that_are_not_known_yet(frame):
    rules = Retraining(persistence_nights=2, of_nights=3, cooldown_nights=14, budget_per_month=2)
    late = frame.assign(outcome_known_at=frame["outcome_known_at"] + pd.Timedelta(days=5))
    spec = ruled(retraining=rules)
    asked = requested(late, spec)[0]
    is_open = late["outcome_known_at"] > cutoff(asked).replace(tzinfo=None)
    other = late.assign(is_late=late["is_late"].astype(bool) ^ is_open)
    assert requested(other, spec)[0] == asked


def test_the_calendar_trains_whatever_the_verdict_and_gates_keep_out_what_is_no_better(frame):
    # The world turns on the 20th night: a training of the nights before it is no better than the one that serves.
    turned = SINCE + timedelta(days=20)
    bounds = {
        "minimum_rows": 300,
        "minimum_nights": 5,
        "maximum_auc_drop": 0.2,
        "confidence": 0.8,
        "improvement_confidence": None,
    }
    gates = ruled().gates.model_copy(update=bounds)
    # A training that remembers more nights of before than of after is worth less than the base rate, and is kept out.
    split = ruled().split.model_copy(update={"history_nights": 20})
    spec = ruled().model_copy(update={"gates": gates, "split": split})
    calendar = {SINCE + timedelta(days=8), turned + timedelta(days=40)}
    asked = {each.night: each for each in play(frame, spec, Rules(calendar, is_gated=True))}
    assert calendar <= set(asked)
    assert asked[min(calendar)].reason == "scheduled run"
    assert not asked[min(calendar)].is_promoted
    assert [night for night, each in asked.items() if each.is_promoted and night > turned], asked
    ungated = {each.night: each for each in play(frame, spec, Rules(calendar))}
    assert ungated[min(calendar)].is_promoted
