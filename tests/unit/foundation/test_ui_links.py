"""Addresses of pages, as people reach them."""

from __future__ import annotations

from datetime import date

import pytest

from redeye.foundation import ui_links
from redeye.foundation.settings import settings

KIND = "?workflowType=machine_learning"


@pytest.fixture
def configured(monkeypatch):
    def set_all(**values: str) -> None:
        for name in (
            "MLFLOW_TRACKING_URL",
            "AIRFLOW_URL",
            "MLFLOW_URL",
            "AIRFLOW_PORT",
            "MLFLOW_PORT",
            "HOST",
        ):
            monkeypatch.delenv(f"REDEYE_{name}", raising=False)
        for name, value in values.items():
            monkeypatch.setenv(f"REDEYE_{name}", value)
        settings.cache_clear()

    yield set_all
    settings.cache_clear()


def test_the_embedded_servers_are_the_default(configured):
    configured(AIRFLOW_PORT="1234", MLFLOW_PORT="5678")
    assert ui_links.link_task("d", "r", "t") == "http://127.0.0.1:1234/dags/d/runs/r/tasks/t"
    assert ui_links.link_version("m", 3) == f"http://127.0.0.1:5678/#/models/m/versions/3{KIND}"


def test_a_proxys_address_goes_before(configured):
    configured(AIRFLOW_URL="https://ops.example/airflow/", MLFLOW_URL="https://ops.example/mlflow")
    assert ui_links.link_task("d", "r", "t") == "https://ops.example/airflow/dags/d/runs/r/tasks/t"
    assert ui_links.link_training("1", "ab") == f"https://ops.example/mlflow/#/experiments/1/runs/ab{KIND}"


def test_an_mlflow_server_elsewhere_is_where_its_pages_are(configured):
    configured(MLFLOW_TRACKING_URL="https://mlflow.example/")
    assert ui_links.link_training("1", "ab") == f"https://mlflow.example/#/experiments/1/runs/ab{KIND}"
    configured(MLFLOW_TRACKING_URL="https://inner.example", MLFLOW_URL="https://outer.example")
    assert ui_links.link_training("1", "ab").startswith("https://outer.example/")


def test_a_run_id_with_a_date_in_it_is_quoted(configured):
    configured()
    page = ui_links.link_task("d", "backfill__2013-04-02T07:00:00+00:00", "t")
    assert "/runs/backfill__2013-04-02T07%3A00%3A00%2B00%3A00/" in page


def test_mlflow_opens_on_its_experiments_and_not_on_a_page_of_language_models(configured):
    configured(AIRFLOW_URL="https://ops.example/airflow/", MLFLOW_URL="https://ops.example/mlflow/")
    assert ui_links.link_mlflow() == f"https://ops.example/mlflow/#/experiments{KIND}"
    assert ui_links.link_night(date(2013, 4, 4)) == "https://ops.example/airflow/redeye/nights/2013-04-04"
    assert ui_links.link_play("a b") == "https://ops.example/airflow/redeye/plays/a%20b"
