"""One environment for every process."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn
from pydantic import SecretStr
from sqlalchemy import make_url

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import ENGINE, Settings
from redeye.stack.environment import airflow_url, environment
from redeye.stack.passfiles import write_passfiles
from redeye.stack.secrets import Secrets

SECRETS = Secrets(**{field.name: f"secret-{field.name}" for field in fields(Secrets)})


@pytest.fixture
def configured(tmp_path):
    return Settings(
        home=tmp_path, postgres_port=1111, airflow_port=2222, mlflow_port=3333, airflow_log_port=4444
    )


def test_each_part_gets_its_own_role_and_no_address_a_password(configured):
    known = environment(configured, SECRETS)
    assert "dbname=warehouse user=warehouse passfile=" in known["REDEYE_WAREHOUSE_DSN"]
    assert "dbname=outputs user=outputs passfile=" in known["REDEYE_OUTPUTS_DSN"]
    assert known["REDEYE_FEAST_REGISTRY_URL"].startswith("postgresql+psycopg2://feast@")
    assert known["MLFLOW_TRACKING_URI"].startswith("postgresql+psycopg2://mlflow@")
    passwords = {value for name, value in vars(SECRETS).items() if name.endswith("_db_password")}
    assert len(passwords) == 6
    assert not [name for name, value in known.items() if any(each in value for each in passwords)]


@pytest.mark.parametrize("folder", ["plain", "a b", "it's", "back\\slash", "50 % öl"])
def test_an_address_names_the_file_that_has_its_password(tmp_path, folder):
    configured = Settings(home=tmp_path / folder)
    write_passfiles(configured, SECRETS)
    known = environment(configured, SECRETS)
    url, dsn = make_url(known["MLFLOW_TRACKING_URI"]), parse_dsn(known["REDEYE_WAREHOUSE_DSN"])
    for role, path in (("mlflow", str(url.query["passfile"])), ("warehouse", dsn["passfile"])):
        assert (
            Path(path).read_text(encoding="utf-8") == f"127.0.0.1:*:{role}:{role}:secret-{role}_db_password\n"
        )
        assert Path(path).stat().st_mode & 0o777 == 0o600


def test_the_superusers_password_reaches_nobody(configured):
    assert SECRETS.postgres_password not in "\n".join(environment(configured, SECRETS).values())


def test_what_the_operator_has_set_stays(configured):
    mine = configured.model_copy(update={"warehouse_dsn": SecretStr("host=db.example dbname=wh")})
    assert environment(mine, SECRETS)["REDEYE_WAREHOUSE_DSN"] == "host=db.example dbname=wh"


def test_an_mlflow_store_of_the_operator_reaches_mlflow_too(configured):
    mine = configured.model_copy(update={"mlflow_tracking_url": SecretStr("postgresql://ml.example/store")})
    known = environment(mine, SECRETS)
    names = ("MLFLOW_TRACKING_URI", "MLFLOW_BACKEND_STORE_URI", "REDEYE_MLFLOW_TRACKING_URL")
    assert {known[name] for name in names} == {"postgresql://ml.example/store"}


def test_airflows_addresses_agree_with_its_port(configured):
    known = environment(configured, SECRETS)
    assert known["AIRFLOW__API__PORT"] == "2222"
    assert known["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:2222"
    assert known["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:2222/execution/"


@pytest.mark.parametrize("public", ["https://host.example/airflow", "https://host.example/airflow/"])
def test_below_a_path_of_a_proxy_people_and_the_stack_itself_both_reach_airflow(configured, public):
    behind = configured.model_copy(update={"airflow_url": public})
    known = environment(behind, SECRETS)
    assert known["AIRFLOW__API__BASE_URL"] == "https://host.example/airflow"
    # Not through the proxy, but below the same path: elsewhere Airflow's server does not know these.
    assert known["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:2222/airflow/execution/"
    assert airflow_url(behind) == "http://127.0.0.1:2222/airflow"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DO_NOT_TRACK", "true"),
        ("MLFLOW_DISABLE_TELEMETRY", "true"),
        ("GX_ANALYTICS_ENABLED", "false"),
        ("DBT_SEND_ANONYMOUS_USAGE_STATS", "false"),
        ("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false"),
        ("PYTHONDONTWRITEBYTECODE", ""),
    ],
)
def test_nothing_reports_home_nor_unpickles(configured, name, value):
    assert environment(configured, SECRETS)[name] == value


def test_mlflow_tells_of_nothing_but_trouble(configured):
    assert environment(configured, SECRETS)["MLFLOW_LOGGING_LEVEL"] == "WARNING"


def test_the_environments_programs_come_first_however_often_it_is_set(configured, monkeypatch):
    once = environment(configured, SECRETS)["PATH"]
    monkeypatch.setenv("PATH", once)
    assert environment(configured, SECRETS)["PATH"] == once
    assert (Path(once.split(os.pathsep)[0]) / "python").exists()


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS"])
def test_commands_and_tests_start_as_few_threads_as_tasks(configured, name):
    value = environment(configured, SECRETS)[name]
    assert f"export {name} := {value}\n" in (ENGINE / "Makefile").read_text()
    assert re.search(rf"^export .*{name}={value}\b", (ENGINE / "redeye").read_text(), re.MULTILINE)


def test_tasks_run_in_the_scheduler_unless_the_executor_is_celery(configured):
    known = environment(configured, SECRETS)
    assert known["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert not [name for name in known if name.startswith("AIRFLOW__CELERY")]


def test_celery_uses_the_broker_and_airflows_database_and_loses_no_task(configured):
    broker = {"executor": "CeleryExecutor", "celery_broker_url": SecretStr("redis://:pw@broker:6379/0")}
    known = environment(configured.model_copy(update=broker), SECRETS)
    assert known["AIRFLOW__CELERY__BROKER_URL"] == "redis://:pw@broker:6379/0"
    assert known["AIRFLOW__CELERY__RESULT_BACKEND"] == f"db+{known['AIRFLOW__DATABASE__SQL_ALCHEMY_CONN']}"
    assert known["AIRFLOW__CELERY__TASK_ACKS_LATE"] == "True"
    # Longer than any task may take, or it would be handed out while it still runs.
    assert int(known["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"]) >= 6 * 3600


def test_celery_without_a_broker_is_refused(configured):
    with pytest.raises(ConfigError, match="REDEYE_CELERY_BROKER_URL"):
        environment(configured.model_copy(update={"executor": "CeleryExecutor"}), SECRETS)


def test_artifacts_by_url_reach_mlflow(configured):
    assert environment(configured, SECRETS)["MLFLOW_DEFAULT_ARTIFACT_ROOT"].startswith("file://")
    elsewhere = configured.model_copy(update={"artifacts_url": "s3://bucket/artifacts/"})
    assert environment(elsewhere, SECRETS)["MLFLOW_DEFAULT_ARTIFACT_ROOT"] == "s3://bucket/artifacts"


def test_processes_are_told_of_a_project_only_where_it_is_another_than_the_checkouts(
    configured, tmp_path, monkeypatch
):
    assert "REDEYE_PROJECT" not in environment(configured, SECRETS)
    monkeypatch.setattr("redeye.stack.environment.PROJECT_ROOT", tmp_path)
    assert environment(configured, SECRETS)["REDEYE_PROJECT"] == str(tmp_path)
