"""What a process knows of secrets stands in nothing that it says."""

from __future__ import annotations

import io
import logging

import pytest

from redeye.foundation.masking import MaskingFormatter, find_secrets, mask, mask_logs

ENVIRON = {
    "REDEYE_WAREHOUSE_DSN": "host=db user=w password='of the warehouse'",
    "REDEYE_MLFLOW_TRACKING_URL": "postgresql+psycopg2://mlflow:of%2Fmlflow1@db/mlflow",
    "REDEYE_ONLINE_STORE_URL": "redis://:of-the-store@cache:6379/1",
    "REDEYE_AIRFLOW_API_PASSWORD": "of-the-admin",
    "AIRFLOW__CORE__FERNET_KEY": "of-the-fernet-key",
    "AWS_SECRET_ACCESS_KEY": "of-the-bucket",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": "/home/airflow/passwords.json",
    "REDEYE_ALERT_URLS": "slack://T1JJ3T3L2/TIiajkdnlazkcOX mailto://me:of-the-mail@mail.example",
    "MLFLOW_LOGIN_TOKEN": "short",
    "REDEYE_HOST": "127.0.0.1",
    "REDEYE_FEAST_REGISTRY_URL": "postgresql://feast:of-the-registry",
    "REDEYE_LINEAGE_URL": "http://lineage:123456789/of-all",
}
SECRETS = {
    "of the warehouse",
    "of%2Fmlflow1",
    "of/mlflow1",
    "of-the-store",
    "of-the-admin",
    "of-the-fernet-key",
    "of-the-bucket",
    "T1JJ3T3L2",
    "TIiajkdnlazkcOX",
    "of-the-mail",
    "of-the-registry",
}


@pytest.fixture
def environ(monkeypatch):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


def test_secrets_are_found_by_name_and_in_addresses():
    assert set(find_secrets(ENVIRON)) == SECRETS


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_a_secret_is_hidden_wherever_it_stands(environ, secret):
    assert mask(f'invalid percent-encoded token: "{secret}"') == 'invalid percent-encoded token: "***"'


def test_a_log_hides_secrets_of_messages_arguments_and_tracebacks(environ):
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    mask_logs([handler])
    assert isinstance(handler.formatter, MaskingFormatter)
    log = logging.Logger("test")
    log.addHandler(handler)
    try:
        raise ValueError("of-the-admin was refused")
    except ValueError:
        log.exception("failed at %s", "redis://:of-the-store@cache")
    told = written.getvalue()
    assert told.startswith("ERROR failed at redis://:***@cache\nTraceback")
    assert told.endswith("ValueError: *** was refused\n")
