"""Rows to learn from, made up with a known signal, gaps and categories."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from redeye.core.algorithms.base import Examples, Inputs, Model, Training
from redeye.core.algorithms.storage import algorithm
from redeye.core.spec_algorithms import Algorithms
from redeye.core.specs import load_spec
from redeye.settings import PROJECT_ROOT

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
    return Examples(frame, labels.to_numpy())


@pytest.fixture
def training() -> Training:
    return Training(made_examples(1), made_examples(2), INPUTS, seed=3, threads=1)


@pytest.fixture
def params() -> Algorithms:
    spec = load_spec(PROJECT_ROOT / "ml" / "specs" / "flight_delay.yaml").algorithms
    network = {"batch_rows": 128, "maximum_epochs": 8, "learning_rate": 0.01, "column_dropout": 0.1}
    return spec.model_copy(
        update={
            "xgboost": spec.xgboost.model_copy(update={"rounds": 30}),
            "torch": spec.torch.model_copy(update=network),
        }
    )


@pytest.fixture
def fitted(training: Training, params: Algorithms) -> Callable[[str], Model]:
    return lambda name: algorithm(name).fit(training, getattr(params, name))


@pytest.fixture
def fresh() -> pd.DataFrame:
    return made_examples(9, rows=200).frame
