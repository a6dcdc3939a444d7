"""Every DAG, whoever adds it: what an operator and a reviewer may rely on."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.simple import AssetTriggeredTimetable

from redeye.declarations.specs import load_valid_specs
from redeye.foundation.settings import PROJECT_ROOT, SPECS
from redeye_airflow.operators import JobOperator
from redeye_airflow.play_nights import PlayNightsOperator
from redeye_airflow.timetables import NightTimetable
from redeye_airflow.training_requests import TrainingRequestOperator
from redeye_airflow.vocabulary import OWNER, AssetName, Tag, Verb

DAGS = PROJECT_ROOT / "dags"
FILES = sorted(DAGS.glob("*.py"))
MODELS = sorted(path.stem for path in SPECS.glob("*.yaml"))
SCHEDULE_WORDS = {"hourly", "daily", "nightly", "weekly", "monthly", "night", "day", "week", "month"}
# The wiring of a DAG file: everything else belongs behind an operator.
HEAVY = {"pandas", "xgboost", "torch", "sklearn", "mlflow", "feast", "dbt", "great_expectations", "evidently"}
RECORDED_JOBS = {
    *(
        "ingest_nights",
        "transform",
        "publish",
        "materialize_night",
        "ingest_again",
        "transform_again",
        "score_night",
    ),
    *("export_night", "monitor_night", "decide_night", "report_night", "reconcile", "train_night", "settle"),
    *("compact_lakes", "verify_releases", "remove_files", "check_disk"),
}
ALLOWED_IMPORTS = {
    *("__future__", "datetime", "airflow.sdk", "redeye_airflow"),
    *("redeye.foundation.errors", "redeye.foundation.settings"),
    *("redeye.declarations.played_models", "redeye.declarations.specs"),
}


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(str(DAGS))


def test_a_task_s_button_is_named_by_the_job_behind_it(bag: DagBag) -> None:
    linked = [task for dag in bag.dags.values() for task in dag.tasks if getattr(task, "_result_links", ())]
    assert linked
    for task in linked:
        module = task.job.partition(":")[0].replace(".", "/")
        code = ast.parse((PROJECT_ROOT / "ml" / f"{module}.py").read_text(encoding="utf-8"))
        nodes = list(ast.walk(code))
        named = {node.value for node in nodes if isinstance(node, ast.Constant)}
        named |= {
            node.target.id
            for node in nodes
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        assert {each.link.value for each in task._result_links} <= named, task.task_id


def test_no_file_has_an_import_error(bag: DagBag) -> None:
    assert bag.import_errors == {}


def test_each_model_has_its_three_dags_and_the_warehouse_two(bag: DagBag) -> None:
    per_model = {f"{verb}_{model}" for verb in (Verb.SCORE, Verb.MONITOR, Verb.TRAIN) for model in MODELS}
    assert {*per_model, "build_warehouse", "build_history"} <= set(bag.dag_ids)


def test_ids_begin_with_a_verb_of_the_list_and_hold_no_word_of_a_schedule(bag: DagBag) -> None:
    for dag_id in bag.dag_ids:
        verb, _, rest = dag_id.partition("_")
        assert verb in set(Verb), dag_id
        assert rest, dag_id
        assert not SCHEDULE_WORDS & set(dag_id.split("_")), dag_id


def test_every_dag_has_tags_from_the_vocabulary_and_a_description(bag: DagBag) -> None:
    for dag in bag.dags.values():
        assert set(dag.tags) & set(Tag), dag.dag_id
        assert dag.description, dag.dag_id


def test_no_run_is_green_over_a_red_task(bag: DagBag) -> None:
    """Airflow goes by the last tasks alone: one that runs whatever came before hides what failed."""

    def turns_the_run_red(dag: DAG, task_id: str) -> bool:
        task = dag.get_task(task_id)
        after = [dag.get_task(name) for name in task.downstream_task_ids]
        return not after or any(
            each.trigger_rule == "all_success" and turns_the_run_red(dag, each.task_id) for each in after
        )

    for dag in bag.dags.values():
        hidden = [task.task_id for task in dag.tasks if not turns_the_run_red(dag, task.task_id)]
        assert hidden == [], dag.dag_id


def test_every_task_has_an_owner_short_retries_and_a_timeout(bag: DagBag) -> None:
    for dag in bag.dags.values():
        for task in dag.tasks:
            where = f"{dag.dag_id}.{task.task_id}"
            assert task.owner == OWNER, where
            assert task.retries == 2, where
            assert task.retry_delay == timedelta(seconds=20), where
            assert task.execution_timeout is not None, where
            assert task.execution_timeout <= timedelta(hours=2), where


def test_the_doc_says_what_to_do_for_each_red_task_and_for_no_other(bag: DagBag) -> None:
    for dag in bag.dags.values():
        rows = re.findall(r"^- \*\*`(\w+)`\*\*: .{20,}$", dag.doc_md or "", flags=re.MULTILINE)
        assert sorted(rows) == sorted(dag.task_ids), dag.dag_id


def test_the_doc_of_a_models_dag_names_the_model(bag: DagBag) -> None:
    for dag_id in bag.dag_ids:
        doc = bag.dags[dag_id].doc_md or ""
        assert "{model}" not in doc, dag_id
        model = dag_id.partition("_")[2]
        assert model not in MODELS or model in doc, dag_id


def test_every_task_runs_a_job_by_its_path(bag: DagBag) -> None:
    for dag in bag.dags.values():
        for task in dag.tasks:
            if getattr(task, "operator_class", None) is TrainingRequestOperator:
                continue
            # It runs DAGs, each with jobs of its own.
            if isinstance(task, PlayNightsOperator):
                continue
            assert isinstance(task, JobOperator), f"{dag.dag_id}.{task.task_id}"
            assert re.fullmatch(r"redeye(\.\w+){2}:\w+", task.job), f"{dag.dag_id}.{task.task_id}"


def test_a_job_keeps_the_name_under_which_its_costs_are_recorded(bag: DagBag) -> None:
    jobs = {task.job for dag in bag.dags.values() for task in dag.tasks if isinstance(task, JobOperator)}
    names = [job.partition(":")[2] for job in jobs]
    assert len(set(names)) == len(names), "two jobs of one name would be added up"
    assert set(names) <= RECORDED_JOBS, (
        "a new job is added; one that was renamed breaks the series in ledger.costs"
    )


def test_a_request_starts_the_training_of_its_own_model_and_tells_of_it(bag: DagBag) -> None:
    for model in MODELS:
        monitor, train = bag.dags[f"{Verb.MONITOR}_{model}"], bag.dags[f"{Verb.TRAIN}_{model}"]
        request = monitor.get_task("request_training")
        assert request.partial_kwargs["trigger_dag_id"] == train.dag_id
        event = request.partial_kwargs["event"]
        assert event.uri == f"{AssetName.RETRAINING}/{model}"
        assert event in train.get_task("train_candidates").inlets
        # The request itself starts the training: an event that did so too would train twice.
        assert not isinstance(train.timetable, AssetTriggeredTimetable)


def test_a_report_that_fails_costs_neither_the_verdict_nor_the_request(bag: DagBag) -> None:
    for model in MODELS:
        monitor = bag.dags[f"{Verb.MONITOR}_{model}"]
        assert monitor.get_task("write_reports").downstream_task_ids == set()
        assert monitor.get_task("decide_retraining").upstream_task_ids == {"judge_predictions"}


def test_trainings_run_one_at_a_time_and_say_when_they_run(bag: DagBag) -> None:
    for model in MODELS:
        train = bag.dags[f"{Verb.TRAIN}_{model}"]
        assert train.get_task("train_candidates").max_active_tis_per_dag == 1
        assert Tag.ON_VERDICT in train.tags
        assert (Tag.CALENDAR in train.tags) is bool(load_valid_specs(SPECS)[model].train_cron)


def test_nightly_dags_count_nights_and_never_catch_up(bag: DagBag) -> None:
    nightly = [dag for dag in bag.dags.values() if Tag.NIGHTLY in dag.tags]
    assert len(nightly) >= 1 + 2 * len(MODELS)
    for dag in nightly:
        assert isinstance(dag.timetable, NightTimetable), dag.dag_id
    for dag in bag.dags.values():
        assert dag.catchup is False, dag.dag_id


def test_no_dag_has_an_end_date_since_runs_by_hand_would_then_hang(bag: DagBag) -> None:
    assert [dag.dag_id for dag in bag.dags.values() if dag.end_date is not None] == []


def test_every_dag_survives_the_round_trip_to_the_scheduler(bag: DagBag) -> None:
    for dag_id in bag.dag_ids:
        original: DAG = bag.dags[dag_id]
        again = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(original))
        assert again.task_ids == original.task_ids
        if isinstance(original.timetable, NightTimetable):
            assert isinstance(again.timetable, NightTimetable)
            assert again.timetable.last_night == original.timetable.last_night, dag_id


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dag_file_is_short_and_only_wires(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            is_allowed = name in ALLOWED_IMPORTS or name.startswith("redeye_airflow.")
            assert is_allowed, f"{path.name} imports {name}"


def test_parsing_loads_no_heavy_library() -> None:
    code = (
        "import sys; from airflow.dag_processing.dagbag import DagBag; "
        f"bag = DagBag({str(DAGS)!r}); assert len(bag.dag_ids) > 4, bag.import_errors; "
        f"print('LOADED', *sorted({HEAVY!r} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": f"{PROJECT_ROOT / 'ml'}:{PROJECT_ROOT / 'plugins'}"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("LOADED")] == ["LOADED"]


def test_only_dags_and_plugins_import_airflow() -> None:
    pattern = re.compile(r"^\s*(?:from|import) airflow\b", flags=re.MULTILINE)
    guilty = [path for path in (PROJECT_ROOT / "ml").rglob("*.py") if pattern.search(path.read_text("utf-8"))]
    assert guilty == []


def test_every_model_has_a_suite_for_its_predictions() -> None:
    for name in load_valid_specs(SPECS):
        assert (PROJECT_ROOT / "expectations" / "predictions" / f"{name}.yml").is_file(), name
