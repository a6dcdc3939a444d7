"""A training from rows to decision, with the ledger in memory and MLflow in SQLite."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pandas as pd
import pytest

from redeye.champions import promotion_store
from redeye.declarations.specs import Spec
from redeye.features.known_past import KnownPast
from redeye.features.logic.past_caveats import Caveat
from redeye.foundation.errors import NotReleased, RegistryDiffers
from redeye.foundation.settings import settings
from redeye.models import mlflow_registry
from redeye.models.artifact_store import resolve_uri
from redeye.models.logic.splits import plan_windows
from redeye.models.mlflow_client import client
from redeye.promotion import evaluate_candidate, train
from redeye.promotion.logic.gate_report import Gate

pytestmark = pytest.mark.integration

NIGHT = date(2013, 3, 31)
TASK_PAGE = "http://airflow.example/dags/train_flight_delay/runs/manual__1/tasks/train_candidates"


@pytest.fixture
def run_training(training_night):
    def run(night: date = NIGHT, reason: str = "a test"):
        return train.train_night(
            "flight_delay", night, run_id="manual__1", actor="tester", reason=reason, run_url=TASK_PAGE
        )

    return run


def test_the_first_training_crowns_the_heuristic_and_then_a_better_one(run_training, memory_ledger):
    outcome = run_training()
    first, second = memory_ledger.rows
    assert (first.algorithm, first.reason) == ("heuristic", "first champion")
    assert first.effective_night == NIGHT + timedelta(days=1)
    assert second.algorithm != "heuristic"
    assert second.effective_night == NIGHT + timedelta(days=2)
    assert outcome.is_promoted
    assert (outcome.candidate_version, outcome.champion_version) == (2, 2)
    assert second.evidence["gates"]["is_passed"]
    assert {result["gate"] for result in second.evidence["gates"]["results"]} == set(Gate)
    assert client().get_model_version_by_alias("flight_delay", "champion").version == 2


def test_the_version_that_passed_is_the_version_that_serves(run_training, memory_ledger, training_night):
    run_training()
    promoted = memory_ledger.rows[-1]
    assert promoted.evidence["gates"]["artifact_sha256"] == promoted.artifact_sha256
    tags = client().get_model_version("flight_delay", str(promoted.version)).tags
    assert tags["artifact_sha256"] == promoted.artifact_sha256
    # As scoring loads it: by the ledger's address and hash. It gives what the gates saw, to the last bit.
    served = mlflow_registry.load_artifact(promoted.artifact_uri, promoted.artifact_sha256)
    window = [pd.Timestamp(day) for day in promoted.evidence["gates"]["window"].split("..")]
    rows = training_night.frame.loc[training_night.frame["night"].between(*window)]
    mean = promoted.evidence["test_metrics"]["mean_prediction"]
    assert float(served.predict(rows).mean()) == pytest.approx(mean, abs=1e-12)


def test_the_registered_files_are_judged_and_not_what_was_fitted(run_training, memory_ledger, monkeypatch):
    def unlucky(uri: str, sha256: str):
        raise mlflow_registry.RedeyeError("model.json: not readable")

    monkeypatch.setattr(evaluate_candidate, "load_artifact", unlucky)
    with pytest.raises(mlflow_registry.RedeyeError, match="not readable"):
        run_training()
    assert [row.algorithm for row in memory_ledger.rows] == ["heuristic"]


def test_training_again_changes_nothing(run_training, memory_ledger):
    before = run_training()
    rows = list(memory_ledger.rows)
    again = run_training()
    assert again == before
    assert memory_ledger.rows == rows
    assert len(client().search_model_versions("name = 'flight_delay'")) == 2


def test_a_training_killed_before_its_promotion_is_taken_up(run_training, memory_ledger, monkeypatch):
    promote = memory_ledger.promote

    def die_at_the_second(model, **values):
        if memory_ledger.rows:
            raise KeyboardInterrupt
        return promote(model, **values)

    monkeypatch.setattr(promotion_store, "promote", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run_training()
    monkeypatch.setattr(promotion_store, "promote", promote)
    assert run_training().is_promoted
    assert [row.version for row in memory_ledger.rows] == [1, 2]
    assert len(client().search_model_versions("name = 'flight_delay'")) == 2


def test_a_later_training_without_news_keeps_the_champion(run_training, memory_ledger):
    run_training()
    outcome = run_training(NIGHT + timedelta(days=14))
    assert not outcome.is_promoted
    assert "version 2 stays champion" in outcome.reason
    assert "improvement" in outcome.reason
    assert (
        client().get_model_version_by_alias("flight_delay", "challenger").version == outcome.candidate_version
    )


def test_a_training_too_close_to_the_last_has_no_unseen_window(run_training, memory_ledger):
    run_training()
    champion = memory_ledger.rows[-1]
    seen = {**champion.evidence, "seen_until": NIGHT.isoformat()}
    memory_ledger.rows[-1] = train.Promotion(**{**champion.__dict__, "evidence": seen})
    outcome = run_training(NIGHT + timedelta(days=14))
    assert not outcome.is_promoted
    assert "unseen: champion" in outcome.reason
    # The ledger keeps what every gate said of a candidate that was refused.
    said = {result["gate"]: result["is_passed"] for result in memory_ledger.trainings[-1].gates["results"]}
    assert set(said) == set(Gate)
    assert not said[Gate.UNSEEN]


def test_candidates_that_learned_noise_are_not_promoted(run_training, memory_ledger, training_night):
    random = np.random.default_rng(3)
    rows = training_night.frame
    rows["is_late"] = random.random(len(rows)) < 0.25
    outcome = run_training()
    assert not outcome.is_promoted
    assert [row.algorithm for row in memory_ledger.rows] == ["heuristic"]
    assert client().get_model_version_by_alias("flight_delay", "champion").version == 1


def test_a_short_history_crowns_the_heuristic_only(run_training, memory_ledger):
    outcome = run_training(date(2013, 1, 20))
    assert outcome.is_promoted
    assert outcome.candidate_version is None
    assert "nights to train on" in outcome.reason
    assert memory_ledger.rows[0].evidence["seen_until"] == "2013-01-18"


def make_one_class(frame: pd.DataFrame, spec: Spec, window: str) -> None:
    spans = plan_windows(NIGHT, spec.split, maturity=spec.label_maturity_nights, first_night=date(2013, 1, 1))
    frame.loc[getattr(spans, window).mask(frame["night"].to_numpy()), "is_late"] = True


def test_a_window_of_one_class_fits_no_candidate_and_the_champion_stays(
    run_training, memory_ledger, training_night, spec
):
    run_training(date(2013, 1, 20))
    champion = memory_ledger.rows[-1]
    make_one_class(training_night.frame, spec, "validation")
    outcome = run_training()
    assert not outcome.is_promoted
    assert outcome.candidate_version is None
    assert memory_ledger.rows == [champion]
    assert outcome.reason == memory_ledger.trainings[-1].reason
    assert "no candidate was fitted: every one of the 3,640 outcomes is true on nights" in outcome.reason


def test_a_gates_window_of_one_class_refuses_the_candidate_with_a_sentence(
    run_training, memory_ledger, training_night, spec
):
    make_one_class(training_night.frame, spec, "test")
    outcome = run_training()
    assert not outcome.is_promoted
    assert outcome.candidate_version == 2
    assert [row.algorithm for row in memory_ledger.rows] == ["heuristic"]
    assert "every one of the 3,640 outcomes is true, so that no model can be told" in outcome.reason


def test_nights_before_a_dataset_was_first_delivered_are_not_trained_on(
    run_training, memory_ledger, training_night, monkeypatch
):
    caveat = Caveat("shops", ("the population",), ("its past is unknown",), is_past_unknown=True)
    past = KnownPast((caveat,), date(2013, 3, 20), "nothing is known of shops before 2013-03-20")
    monkeypatch.setattr(train, "read_known_past", lambda spec, release: past)
    outcome = run_training()
    assert training_night.read["night"].min() == pd.Timestamp(2013, 3, 20)
    assert outcome.candidate_version is None
    assert "nights to train on" in outcome.reason
    assert outcome.reason.endswith("nothing is known of shops before 2013-03-20")
    assert [row.algorithm for row in memory_ledger.rows] == ["heuristic"]
    description = client().get_model_version("flight_delay", "1").description
    assert "nobody can know of shops" in description
    monkeypatch.setattr(train, "read_known_past", lambda spec, release: replace(past, first_night=NIGHT))
    with pytest.raises(NotReleased, match=r"no label is mature .*nothing is known"):
        run_training()


def test_a_night_without_release_is_refused(run_training, monkeypatch):
    monkeypatch.setattr(train.release_store, "covering_release", lambda night: None)
    with pytest.raises(NotReleased, match="build night 2013-03-31 first"):
        run_training()


def test_the_run_holds_the_evidence(run_training, store):
    outcome = run_training()
    run = client().get_run(outcome.mlflow_run_id)
    assert run.data.tags["decision"] == "promoted"
    assert run.data.tags["release_id"] == outcome.release_id
    assert run.data.metrics["test.candidate.auc"] > run.data.metrics["test.champion.auc"]
    assert run.data.tags["candidate_algorithm"] == outcome.algorithm
    assert run.data.tags["champion_algorithm"] == "heuristic"
    assert run.data.metrics["fit_seconds"] > 0
    assert "sha256" not in run.data.params
    assert run.inputs.dataset_inputs[0].dataset.name == f"flight_delay@{outcome.release_id}"
    kept = {path.path for path in client().list_artifacts(outcome.mlflow_run_id)}
    assert {"gates.json", "gates.txt", "importance.json", "plots", "spec.json", "test"} <= kept
    plots = {Path(path.path).name for path in client().list_artifacts(outcome.mlflow_run_id, "plots")}
    assert plots == {"roc.png", "precision_recall.png", "calibration.png", "importance.png", "slices.png"}
    children = client().search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    )
    by_algorithm = {child.data.tags["algorithm"]: child for child in children}
    assert set(by_algorithm) == {"heuristic", "logistic", "xgboost", "torch", "average"}
    assert by_algorithm["xgboost"].data.metrics["trees"] > 0
    assert by_algorithm["torch"].data.metrics["steps"] > 0
    for number in ("1", "2"):
        tags = client().get_model_version("flight_delay", number).tags
        child = by_algorithm[tags["algorithm"]]
        assert child.data.params["sha256"] == tags["artifact_sha256"]
        assert client().get_model_version("flight_delay", number).run_id == child.info.run_id


def test_run_and_version_link_to_the_task_and_the_outcome_links_back(run_training, monkeypatch):
    monkeypatch.setenv("REDEYE_MLFLOW_URL", "https://mlflow.example/")
    settings.cache_clear()
    outcome = run_training()
    run = client().get_run(outcome.mlflow_run_id)
    note = run.data.tags["mlflow.note.content"]
    assert f"[The task in Airflow]({TASK_PAGE})" in note
    assert f"[The version in the registry]({outcome.model_version_url})" in note
    assert "decision: promoted" in note
    assert (
        outcome.model_version_url
        == "https://mlflow.example/#/models/flight_delay/versions/2?workflowType=machine_learning"
    )
    experiment = run.info.experiment_id
    assert (
        outcome.mlflow_run_url
        == f"https://mlflow.example/#/experiments/{experiment}/runs/{outcome.mlflow_run_id}"
        "?workflowType=machine_learning"
    )
    for number in ("1", "2"):
        assert client().get_model_version("flight_delay", number).tags["airflow_url"] == TASK_PAGE


def test_every_version_has_a_card_and_says_what_it_was_trained_on(run_training, spec):
    outcome = run_training()
    first, second = (client().get_model_version("flight_delay", number) for number in ("1", "2"))
    assert "Not judged: it is the first champion" in first.description
    card = second.description
    assert card.startswith(f"# flight_delay, version 2: {outcome.algorithm}")
    assert "at 95% confidence" not in card.split("## Quality")[0]
    for heading in ("## Data", "## Quality", "## Gates", "## Made with", "## Limits"):
        assert heading in card
    assert "| AUC | 0." in card
    assert "Cut off" not in card
    for name in ("train", "validation", "test"):
        assert second.tags[f"{name}_window"] in card
    assert f"[training in MLflow]({outcome.mlflow_run_url})" in card
    whole = Path(client().download_artifacts(second.run_id, "card.md")).read_text()
    assert whole.strip() == card.strip()


def test_an_altered_champion_stops_no_training(run_training, memory_ledger, caplog):
    run_training()
    path = Path(urlparse(resolve_uri(memory_ledger.rows[-1].artifact_uri)).path) / "model.json"
    path.write_bytes(path.read_bytes() + b" ")
    run_training(NIGHT + timedelta(days=14))
    assert "model.json" in caplog.text
    assert [row.night for row in memory_ledger.trainings] == [NIGHT, NIGHT + timedelta(days=14)]


def test_labels_of_the_last_nights_are_not_seen(run_training, training_night):
    run_training()
    assert pd.Timestamp(training_night.read["night"].max()).date() == NIGHT - timedelta(days=2)


def test_a_later_training_continues_the_champion_and_its_card_says_so(
    run_training, memory_ledger, spec, monkeypatch
):
    run_training()
    champion = memory_ledger.rows[-1]
    # Preferred, so that it is the candidate unless it is significantly behind.
    first = spec.candidates.model_copy(update={"preference": ("continued",)})
    monkeypatch.setattr(train, "load_spec", lambda path: spec.model_copy(update={"candidates": first}))
    outcome = run_training(NIGHT + timedelta(days=21))
    children = client().search_runs(
        client().get_run(outcome.mlflow_run_id).info.experiment_id.split(),
        f"tags.`mlflow.parentRunId` = '{outcome.mlflow_run_id}'",
    )
    continued = {run.info.run_name: run.data.tags for run in children if "parent_version" in run.data.tags}
    assert list(continued) == [f"{champion.algorithm}_continued"]
    assert set(continued[f"{champion.algorithm}_continued"]["parent_version"]) == {str(champion.version)}
    chosen = client().get_run(outcome.mlflow_run_id).data.tags
    version = client().get_model_version("flight_delay", str(outcome.candidate_version))
    assert version.tags["candidate"] == chosen["chosen"] == f"{champion.algorithm}_continued"
    assert version.tags["parent_version"] == str(champion.version)
    assert f"version {champion.version}, which it continues" in version.description
    # Taken up again, it finds the same parent and the same bytes.
    again = run_training(NIGHT + timedelta(days=21))
    # The gates are asked once more, and latency is not what it was.
    assert replace(again, gates={}) == replace(outcome, gates={})


def test_a_model_that_was_deleted_from_the_registry_is_not_numbered_from_the_start_again(
    run_training, memory_ledger
):
    run_training()
    rows = list(memory_ledger.rows)
    client().delete_registered_model(rows[0].model)
    with pytest.raises(
        RegistryDiffers, match=r"was deleted from MLflow's registry.*restore MLflow's database"
    ):
        run_training(NIGHT + timedelta(days=1))
    assert memory_ledger.rows == rows
    assert not mlflow_registry.is_registered(rows[0].model)
