"""Addresses of pages in Airflow's and MLflow's UIs, for people: as the settings say they reach them."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from redeye.foundation.settings import settings

# Without it MLflow's UI shows a run as one of a language model.
_AS_TRAINING = "?workflowType=machine_learning"


def link_task(dag_id: str, run_id: str, task_id: str) -> str:
    """The page of a task in one DAG run."""
    parts = ("dags", dag_id, "runs", run_id, "tasks", task_id)
    return "/".join([settings().public_airflow_url, *(quote(part, safe="") for part in parts)])


def link_night(night: date) -> str:
    """The page of a night."""
    return f"{settings().public_airflow_url}/redeye/nights/{night}"


def link_play(run_id: str) -> str:
    """The page of nights that are played by a run."""
    return f"{settings().public_airflow_url}/redeye/plays/{quote(run_id, safe=':')}"


def link_drift_report(model: str, night: date, span: str) -> str:
    """The page of a night's or a week's drift report."""
    return f"{settings().public_airflow_url}/redeye/reports/{quote(model, safe='')}/{night}/{span}.html"


def link_feature(model: str, feature: str) -> str:
    """The page of a feature over nights."""
    parts = (quote(part, safe="") for part in (model, "features", feature))
    return f"{settings().public_airflow_url}/redeye/models/{'/'.join(parts)}"


def link_mlflow() -> str:
    """MLflow's page of experiments: its own first page is one of language models."""
    return f"{settings().public_mlflow_url}/#/experiments{_AS_TRAINING}"


def link_training(experiment_id: str, run_id: str) -> str:
    """The page of an MLflow run."""
    return f"{settings().public_mlflow_url}/#/experiments/{experiment_id}/runs/{run_id}{_AS_TRAINING}"


def link_version(model: str, version: int) -> str:
    """The page of a registered model's version."""
    return f"{settings().public_mlflow_url}/#/models/{quote(model, safe='')}/versions/{version}{_AS_TRAINING}"
