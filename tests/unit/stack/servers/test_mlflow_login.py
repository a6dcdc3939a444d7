"""Which requests only read, and a configuration that MLflow reads as it was meant."""

from __future__ import annotations

import configparser

import pytest

from redeye.stack.servers import mlflow_login


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/2.0/mlflow/runs/get"),
        ("HEAD", "/"),
        ("POST", "/api/2.0/mlflow/runs/search"),
        ("POST", "/ajax-api/2.0/mlflow/experiments/search"),
        ("POST", "/graphql"),
        ("POST", "/ajax-api/3.0/mlflow/issues/search"),
    ],
)
def test_questions_only_read(method, path):
    assert mlflow_login.is_reading(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/2.0/mlflow/experiments/create"),
        ("POST", "/api/2.0/mlflow/runs/search/of-a-later-version"),
        ("PATCH", "/graphql"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/x"),
        ("DELETE", "/api/2.0/mlflow/registered-models/delete"),
        ("POST", "/a/route/nobody/knows"),
    ],
)
def test_what_is_not_known_to_read_counts_as_writing(method, path):
    assert not mlflow_login.is_reading(method, path)


ASSISTANT = "/ajax-api/3.0/mlflow/assistant"


@pytest.mark.parametrize(
    ("method", "path", "is_closed"),
    [
        ("GET", f"{ASSISTANT}/config", False),
        ("GET", f"{ASSISTANT}/providers", False),
        ("PUT", f"{ASSISTANT}/config", True),
        ("GET", f"{ASSISTANT}/providers/some/health", True),
        ("POST", f"{ASSISTANT}/message", True),
        ("GET", f"{ASSISTANT}/sessions/1/stream", True),
        ("GET", "/ajax-api/2.0/mlflow/runs/get", False),
    ],
)
def test_the_assistant_is_closed_but_its_pane_may_ask_how_it_is_set_up(method, path, is_closed):
    assert mlflow_login.is_closed(method, path) is is_closed


def test_a_percent_sign_in_the_databases_url_survives_the_file():
    parser = configparser.ConfigParser()
    url = "postgresql+psycopg2://mlflow_login:a%40b@db.example/mlflow_login"
    parser.read_string(mlflow_login.configuration(url))
    assert parser["mlflow"]["database_uri"] == url
    assert parser["mlflow"]["default_permission"] == "READ"
    assert parser["mlflow"]["authorization_function"] == "redeye.stack.servers.mlflow_login:authorise"
