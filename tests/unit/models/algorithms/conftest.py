"""What the algorithms are fitted on and with."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from made_rows import INPUTS, made_examples

from redeye.declarations.spec_algorithms import Algorithms
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import PROJECT_ROOT
from redeye.models.algorithms.average import AverageModel
from redeye.models.algorithms.base import Model, Training
from redeye.models.algorithms.storage import algorithm


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
    def fit(name: str) -> Model:
        if name == AverageModel.algorithm:
            return AverageModel({each: fit(each) for each in ("xgboost", "torch")})
        return algorithm(name).fit(training, getattr(params, name))

    return fit


@pytest.fixture
def fresh() -> pd.DataFrame:
    return made_examples(9, rows=200).frame
