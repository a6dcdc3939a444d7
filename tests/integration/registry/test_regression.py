"""A training of another kind: numbers with bounds pass gates of their own and are a version that loads as it was."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from delay_minutes import COLUMN, MODEL, make_spec

from redeye.declarations.specs import Spec
from redeye.models import mlflow_registry
from redeye.models.algorithms.base import Inputs
from redeye.models.mlflow_client import client
from redeye.promotion import train

pytestmark = pytest.mark.integration

NIGHT = date(2013, 3, 31)


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    """The regression of the flights with few trees."""
    made = make_spec(
        tmp_path, ("    rounds: 600", "    rounds: 40"), ("learning_rate: 0.04", "learning_rate: 0.3")
    )
    return made.model_copy(update={"gates": made.gates.model_copy(update={"maximum_seconds": 5.0})})


@pytest.fixture
def frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The nights, with minutes that follow one feature and one carrier, and are less sure of that carrier."""
    random = np.random.default_rng(2)
    is_unsure = frame["carrier_id"] == "B6"
    middle = 60 * frame["route_delays__late_rate_7n"] + 10 * is_unsure
    minutes = np.rint(middle + random.normal(size=len(frame)) * np.where(is_unsure, 20, 8))
    return frame.assign(**{COLUMN: minutes}).drop(columns="is_late")


def test_a_regression_is_trained_judged_registered_and_promoted(
    training_night: object, memory_ledger: Any, frame: pd.DataFrame, spec: Spec
) -> None:
    outcome = train.train_night(MODEL, NIGHT, run_id="manual__1", actor="tester", reason="a test")
    first, second = memory_ledger.rows
    assert first.algorithm == "regression_heuristic"
    assert outcome.is_promoted, outcome.reason
    assert second.algorithm in ("regression_average", "regression_xgboost")
    assert second.effective_night == NIGHT + timedelta(days=2)
    gates = {each["gate"]: each for each in second.evidence["gates"]["results"]}
    assert len(gates) == 13
    assert "ranking" not in gates
    assert "coverage error" in gates["calibration"]["reason"]
    assert gates["calibration"]["value"] < 0.05
    assert "the quantiles of its training" in gates["base_rate"]["reason"]
    assert "get an interval" in gates["robustness"]["reason"]
    assert second.evidence["test_metrics"]["coverage"] == pytest.approx(0.8, abs=0.05)

    served = mlflow_registry.load_artifact(second.artifact_uri, second.artifact_sha256)
    rows = frame.tail(50)
    said = served.predict(rows)
    assert said.shape == (50, 3)
    version = client().get_model_version(MODEL, str(second.version))
    assert "pinball loss" in version.description
    loaded = mlflow.pyfunc.load_model(f"models:/{MODEL}/{second.version}").predict(
        mlflow_registry.plain_inputs(rows, Inputs.of(spec))
    )
    assert list(loaded.columns) == ["value", "lower", "upper"]
    assert (loaded.to_numpy() == said).all()
