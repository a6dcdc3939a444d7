"""The ports of the embedded servers, and whether they are free."""

from __future__ import annotations

import socket

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import Settings

# By setting, what the stack listens on its port for.
USES = {
    "postgres_port": "Postgres",
    "airflow_port": "Airflow's UI and API",
    "mlflow_port": "MLflow's UI",
    "airflow_log_port": "Airflow's task logs",
}


def free(host: str) -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def require_free(configured: Settings) -> None:
    """Check every port before anything starts.

    Raises:
        ConfigError: if one is taken, or two settings name the same; the message names port and setting.
    """
    seen: dict[int, str] = {}
    taken = []
    for name, use in USES.items():
        number, setting = getattr(configured, name), f"REDEYE_{name.upper()}"
        if number in seen:
            raise ConfigError(f"{setting} and {seen[number]} both name port {number}")
        seen[number] = setting
        if not _is_free(configured.host, number):
            taken.append(
                f"port {number} on {configured.host}, wanted for {use}, is taken by another program: "
                f"end it, or set {setting} to a free port"
            )
    if taken:
        raise ConfigError("\n".join(taken))


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: connections of the last run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
