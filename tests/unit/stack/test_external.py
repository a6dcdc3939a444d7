"""What a Postgres of one's own must be told before it is made ready."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import Settings
from redeye.stack.databases import DATABASES
from redeye.stack.external import AIRFLOW_URL, MLFLOW_LOGIN_URL, role_passwords


def sqlalchemy(name: str) -> str:
    return f"postgresql+psycopg2://{name}:secret-{name}@db:5432/{name}"


def dsn(name: str) -> SecretStr:
    return SecretStr(f"host=db dbname={name} user={name} password=secret-{name}")


@pytest.fixture
def configured(tmp_path) -> Settings:
    return Settings(
        home=tmp_path,
        warehouse_dsn=dsn("warehouse"),
        outputs_dsn=dsn("outputs"),
        feast_registry_url=SecretStr(sqlalchemy("feast")),
        mlflow_tracking_url=SecretStr(sqlalchemy("mlflow")),
    )


URLS = {AIRFLOW_URL: sqlalchemy("airflow"), MLFLOW_LOGIN_URL: sqlalchemy("mlflow_login")}


def test_every_databases_role_gets_the_password_that_its_url_names(configured):
    found = role_passwords(configured, URLS)
    assert found == {database.name: f"secret-{database.name}" for database in DATABASES}


@pytest.mark.parametrize("missing", URLS)
def test_a_missing_url_is_named(configured, missing):
    with pytest.raises(ConfigError, match=missing):
        role_passwords(configured, {name: url for name, url in URLS.items() if name != missing})


def test_a_role_that_is_not_its_databases_is_refused_without_telling_a_password(configured):
    other = configured.model_copy(update={"outputs_dsn": dsn("warehouse")})
    with pytest.raises(ConfigError, match="REDEYE_OUTPUTS_DSN must name role outputs") as refused:
        role_passwords(other, URLS)
    assert "secret" not in str(refused.value)
