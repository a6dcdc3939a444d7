"""A taken port is reported before anything starts, with the setting to change."""

from __future__ import annotations

import socket

import pytest

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import Settings
from redeye.stack import lifecycle
from redeye.stack.servers import check_ports
from redeye.stack.servers.check_ports import require_free


def settings_on_spare_ports(home, **chosen):
    """Every port of the stack on one that is free now."""
    probes = [socket.socket() for _ in range(4)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    names = ("postgres_port", "airflow_port", "mlflow_port", "airflow_log_port")
    spare = dict(zip(names, (probe.getsockname()[1] for probe in probes), strict=True))
    for probe in probes:
        probe.close()
    return Settings(home=home, **(spare | chosen))


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("name", ["postgres_port", "airflow_port", "mlflow_port", "airflow_log_port"])
def test_a_taken_port_names_itself_and_its_setting(tmp_path, taken, name):
    with pytest.raises(ConfigError, match=rf"port {taken} .*REDEYE_{name.upper()}"):
        require_free(settings_on_spare_ports(tmp_path, **{name: taken}))


def test_free_ports_pass(tmp_path):
    require_free(settings_on_spare_ports(tmp_path))


def test_two_settings_of_one_port_are_named(tmp_path):
    configured = settings_on_spare_ports(tmp_path)
    same = settings_on_spare_ports(
        tmp_path, mlflow_port=configured.airflow_port, airflow_port=configured.airflow_port
    )
    with pytest.raises(ConfigError, match="REDEYE_MLFLOW_PORT and REDEYE_AIRFLOW_PORT"):
        require_free(same)


def test_nothing_is_started_while_a_port_is_taken(tmp_path, taken):
    with pytest.raises(ConfigError, match="REDEYE_AIRFLOW_PORT"):
        lifecycle.up(settings_on_spare_ports(tmp_path, airflow_port=taken))
    assert not (tmp_path / "postgres").exists()


def test_every_port_is_named_by_a_setting():
    known = {name for name in Settings.model_fields if name.endswith("_port")}
    # These are none by default, and are watched by whoever sets them.
    assert set(check_ports.USES) == known - {"metrics_port", "api_port"}
