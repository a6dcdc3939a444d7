"""Buttons on a task's page: made of what the job handed on, and none where it handed on nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk.bases.xcom import BaseXCom

from redeye_airflow.operators import JobOperator, ResultLink
from redeye_airflow.vocabulary import Link

PAGE = "http://mlflow.example/#/experiments/1/runs/2"
KEY = SimpleNamespace(
    dag_id="train_flight_delay", run_id="manual__1", task_id="train_candidates", map_index=-1
)


@pytest.fixture
def handed_on(monkeypatch):
    """What lies in Airflow's XCom, by key."""
    kept = {}

    def get_value(*, ti_key, key):
        assert ti_key is KEY
        return kept.get(key)

    monkeypatch.setattr(BaseXCom, "get_value", get_value)
    return kept


def link(kind=Link.MLFLOW_RUN):
    return ResultLink(kind).get_link(None, ti_key=KEY)


def test_a_link_is_the_address_that_the_job_handed_on(handed_on):
    handed_on["return_value"] = {"mlflow_run_url": PAGE, "reason": "all gates passed"}
    assert link() == PAGE


@pytest.mark.parametrize("result", [None, {}, {"mlflow_run_url": None}, [1]])
def test_without_an_address_there_is_no_link(handed_on, result):
    handed_on["return_value"] = result
    assert link() == ""


def test_every_link_has_a_name_and_a_place_of_its_own():
    links = [ResultLink(kind) for kind in Link]
    assert len({each.name for each in links}) == len(Link)
    assert len({each.xcom_key for each in links}) == len(Link)


def test_a_task_has_the_links_it_names_and_no_others():
    task = JobOperator(task_id="t", job="a:b", links=(Link.MLFLOW_RUN, Link.MODEL_VERSION))
    assert [each.name for each in task.operator_extra_links] == ["MLflow run", "Model version"]
    assert JobOperator(task_id="u", job="a:b").operator_extra_links == ()


def test_airflow_keeps_the_links_with_the_serialized_dag():
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    with DAG(dag_id="d") as dag:
        JobOperator(task_id="t", job="a:b", links=(Link.MLFLOW_RUN,))
    kept = DagSerialization.to_dict(dag)["dag"]["tasks"][0]["__var"]
    assert kept["_operator_extra_links"] == {"MLflow run": "_link_mlflow_run_url"}
