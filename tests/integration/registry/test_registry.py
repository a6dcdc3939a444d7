"""The registry: versions that load without pickle, only if untouched, and are registered once."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pandas as pd
import pytest

from redeye.foundation.errors import AlreadyDecided, RedeyeError
from redeye.models import mlflow_registry, software
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.algorithms.storage import ModelAltered
from redeye.models.artifact_store import resolve_uri
from redeye.models.mlflow_client import client, experiment_id
from redeye.models.mlflow_registry import Alias, load_artifact, point_alias, register
from redeye.promotion.mlflow_runs import open_training_run

pytestmark = pytest.mark.integration

MODEL = HeuristicModel(
    "carrier_origin_hour_delays__late_flights_all", "carrier_origin_hour_delays__flights_all", 0.2, 50.0
)
SEEN = date(2013, 3, 1)


@pytest.fixture
def version(store, subject, frame):
    with open_training_run(subject) as run:
        return register(subject, "heuristic", MODEL, seen_until=SEEN, run_id=run.run_id, example=frame)


def test_a_version_loads_and_predicts_the_same(version, frame):
    assert version.version == 1
    again = mlflow_registry.load("flight_delay", 1)
    assert np.array_equal(again.predict(frame), MODEL.predict(frame))


def test_a_version_says_where_it_comes_from(version, subject):
    tags = client().get_model_version("flight_delay", "1").tags
    assert tags["release_id"] == subject.release.release_id
    assert tags["spec_hash"] == subject.spec.hash
    assert {"git_sha", "code_hash", "feature_service", "artifact_sha256"} <= set(tags)
    assert tags["requirements_lock"] == hashlib.sha256(software.LOCK.read_bytes()).hexdigest()[:16]
    assert tags["python"] == platform.python_version()
    assert f"numpy=={np.__version__}" in tags["packages"].split()
    assert version.seen_until == SEEN


def test_mlflow_itself_loads_it_without_pickle(version, frame, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    loaded = mlflow.pyfunc.load_model("models:/flight_delay/1")
    inputs = loaded.metadata.get_input_schema()
    numbers = {spec.name: "float64" for spec in inputs if spec.type.name == "double"}
    rows = frame.head(20).astype(numbers)
    np.testing.assert_array_equal(loaded.predict(rows).to_numpy(), MODEL.predict(rows))


def test_nothing_pickled_lies_in_the_artifacts(version, store):
    files = [path for path in (store / "home").rglob("*") if path.is_file()]
    # MLflow imports a model's code from where it lies, which leaves compiled code beside it.
    names = {path.suffix for path in files if path.parent.name != "__pycache__"}
    assert names <= {".json", ".ubj", ".yaml", ".txt", ".py", ""}


def test_an_altered_file_is_refused_by_both_ways_of_loading(version):
    import mlflow

    path = Path(urlparse(resolve_uri(version.artifact_uri)).path) / "heuristic.json"
    path.write_bytes(path.read_bytes().replace(b"0.2", b"0.9"))
    with pytest.raises(ModelAltered, match=r"heuristic\.json"):
        load_artifact(version.artifact_uri, version.artifact_sha256)
    with pytest.raises(ModelAltered, match=r"heuristic\.json"):
        mlflow.pyfunc.load_model("models:/flight_delay/1")


def test_loading_an_artifact_does_not_import_mlflow(version):
    code = (
        "import sys; from redeye.models.mlflow_registry import load_artifact; load_artifact(*sys.argv[1:]); "
        "assert 'mlflow' not in sys.modules"
    )
    command = [sys.executable, "-c", code, version.artifact_uri, version.artifact_sha256]
    environment = {**os.environ, "PYTHONPATH": str(Path(mlflow_registry.__file__).parents[2])}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_registering_again_is_no_change(version, subject, frame):
    with open_training_run(subject) as run:
        again = register(subject, "heuristic", MODEL, seen_until=SEEN, run_id=run.run_id, example=frame)
        assert again == version
    assert len(client().search_model_versions("name = 'flight_delay'")) == 1
    assert len(client().search_runs([run_experiment()])) == 1


def test_the_same_training_with_other_bytes_is_refused(version, subject, frame):
    other = HeuristicModel(MODEL.successes, MODEL.trials, 0.3, 50.0)
    with (
        open_training_run(subject) as run,
        pytest.raises(AlreadyDecided, match="version 1 is of the same training"),
    ):
        register(subject, "heuristic", other, seen_until=SEEN, run_id=run.run_id, example=frame)


def test_another_algorithm_is_another_version(version, subject, frame):
    with open_training_run(subject) as run:
        other = register(subject, "other", MODEL, seen_until=SEEN, run_id=run.run_id, example=frame)
        assert other.version == 2


@pytest.mark.filterwarnings("error:An input example:UserWarning")
def test_a_version_comes_with_an_example_of_its_inputs(store, subject, frame, spec):
    import mlflow

    with open_training_run(subject) as run:
        register(subject, "heuristic", MODEL, seen_until=SEEN, run_id=run.run_id, example=frame)
    example = mlflow.pyfunc.load_model("models:/flight_delay/1").input_example
    assert list(example.columns) == [*spec.numeric_columns, *spec.categorical_columns]
    assert len(example) == mlflow_registry.EXAMPLE_ROWS


@dataclass(frozen=True)
class WithExport(HeuristicModel):
    """A model that can also be had in another tool's format."""

    def exports(self) -> dict[str, bytes]:
        return {"model.onnx": b"onnx"}


def test_what_a_model_exports_lies_beside_its_run(store, subject, frame):
    model = WithExport(MODEL.successes, MODEL.trials, 0.2, 50.0)
    with open_training_run(subject) as run:
        version = register(subject, "heuristic", model, seen_until=SEEN, run_id=run.run_id, example=frame)
    assert [file.path for file in client().list_artifacts(run.run_id, "exports")] == ["exports/model.onnx"]
    # It is not among the files that are loaded and hashed.
    mlflow_registry.load_artifact(version.artifact_uri, version.artifact_sha256)


def test_a_card_is_a_versions_description_and_an_artifact(version):
    card = "# A card\n" + "| a | row |\n" * 600
    mlflow_registry.describe(version, card)
    told = client().get_model_version("flight_delay", "1").description
    assert told.startswith("# A card")
    assert len(told) <= 5000
    assert "`card.md` among the run's artifacts" in told
    assert Path(client().download_artifacts(version.run_id, "card.md")).read_text() == card


def test_an_alias_names_a_version(version):
    point_alias("flight_delay", version.version, Alias.CHAMPION)
    assert client().get_model_version_by_alias("flight_delay", "champion").version == 1


def test_an_absent_version_is_named(store):
    with pytest.raises(RedeyeError, match="flight_delay has no version 9"):
        mlflow_registry.load("flight_delay", 9)


def test_a_training_that_fails_leaves_a_failed_run(store, subject):
    with pytest.raises(RuntimeError, match="killed"), open_training_run(subject):
        raise RuntimeError("killed")
    with open_training_run(subject):
        runs = client().search_runs([run_experiment()])
    assert [run.info.status for run in runs] == ["RUNNING"]


def run_experiment() -> str:
    return client().get_experiment_by_name("flight_delay").experiment_id


def test_signature_names_every_input(version, spec, frame):
    import mlflow

    inputs = mlflow.models.get_model_info("models:/flight_delay/1").signature.inputs.input_names()
    assert inputs == [*spec.numeric_columns, *spec.categorical_columns]
    assert set(inputs) <= set(frame.columns)
    assert isinstance(frame, pd.DataFrame)


def test_an_experiment_that_was_deleted_is_restored_with_its_runs(store, subject):
    from mlflow.entities import ViewType

    with open_training_run(subject) as before:
        pass
    experiment = experiment_id(subject.spec.model)
    client().delete_experiment(experiment)
    with open_training_run(subject) as after:
        pass
    assert after.run_id == before.run_id
    assert experiment_id(subject.spec.model) == experiment
    assert client().get_experiment(experiment).lifecycle_stage == "active"
    found = client().search_runs([experiment], run_view_type=ViewType.ACTIVE_ONLY)
    assert [run.info.run_id for run in found] == [before.run_id]
