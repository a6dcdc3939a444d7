"""Rows to learn from, made up with a known signal, gaps and categories, and specs that are fitted in no time."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from redeye.declarations.spec_candidates import Candidates
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.settings import SPECS
from redeye.models.algorithms.base import Examples, Inputs

SPEC = load_spec(SPECS / "flight_delay.yaml")
FIRST = date(2013, 1, 1)

INPUTS = Inputs(
    numeric=(
        "carrier_origin_hour_delays__late_flights_all",
        "carrier_origin_hour_delays__flights_all",
        "route_delays__late_rate_7n",
    ),
    categorical=("carrier_id", "origin_id"),
)


def made_examples(seed: int, rows: int = 1500) -> Examples:
    random = np.random.default_rng(seed)
    trials = random.integers(0, 200, rows)
    rate = random.beta(2, 6, rows)
    frame = pd.DataFrame(
        {
            "carrier_origin_hour_delays__late_flights_all": random.binomial(trials, rate),
            "carrier_origin_hour_delays__flights_all": trials,
            "route_delays__late_rate_7n": np.where(random.random(rows) < 0.1, np.nan, rate),
            "carrier_id": random.choice(["AA", "B6", "UA", None], rows),
            "origin_id": random.choice(["EWR", "JFK"], rows),
        }
    )
    labels = (random.random(rows) < np.clip(rate + 0.2 * (frame["carrier_id"] == "B6"), 0, 1)).astype(float)
    return Examples(frame, np.asarray(labels))


def short_spec(**split: int) -> Spec:
    lengths = {"validation_nights": 7, "test_nights": 7, "minimum_train_nights": 10, "history_nights": 60}
    fast = SPEC.algorithms.model_copy(
        update={
            "torch": None,
            "logistic": None,
            "xgboost": SPEC.algorithms.xgboost.model_copy(update={"rounds": 20, "min_child_weight": 1}),
        }
    )
    return SPEC.model_copy(
        update={
            "split": SPEC.split.model_copy(update={**lengths, **split}),
            "algorithms": fast,
            "candidates": Candidates(),
        }
    )


def made_frame(spec: Spec, first: date = FIRST, nights: int = 100, per_night: int = 12) -> pd.DataFrame:
    random = np.random.default_rng(5)
    night = np.repeat(pd.date_range(first, periods=nights), per_night)
    rate = random.beta(2, 5, len(night))
    numbers = {name: random.random(len(night)) for name in spec.numeric_columns}
    heuristic = spec.algorithms.heuristic
    counts = {
        heuristic.successes.replace(":", "__"): np.round(rate * 100),
        heuristic.trials.replace(":", "__"): np.full(len(night), 100.0),
    }
    return pd.DataFrame(
        {
            "flight_id": [f"f{number}" for number in range(len(night))],
            "night": night,
            **numbers,
            **counts,
            **{name: random.choice(["a", "b"], len(night)) for name in spec.categorical_columns},
            "is_late": random.random(len(night)) < rate,
            # Some outcomes are known very late.
            "outcome_known_at": night + pd.to_timedelta(random.choice([30, 40, 400], len(night)), unit="h"),
        }
    )
