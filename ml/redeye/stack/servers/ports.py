"""The ports of the embedded servers, and whether they are free."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import Settings


@dataclass(frozen=True)
class Port:
    """A port and the setting that names it."""

    number: int
    setting: str
    use: str


def ports(configured: Settings) -> tuple[Port, ...]:
    """Every port that the stack listens on."""
    return (
        Port(configured.postgres_port, "REDEYE_POSTGRES_PORT", "Postgres"),
        Port(configured.airflow_port, "REDEYE_AIRFLOW_PORT", "Airflow's UI and API"),
        Port(configured.mlflow_port, "REDEYE_MLFLOW_PORT", "MLflow's UI"),
        Port(configured.airflow_log_port, "REDEYE_AIRFLOW_LOG_PORT", "Airflow's task logs"),
    )


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
    seen: dict[int, Port] = {}
    for port in ports(configured):
        if port.number in seen:
            raise ConfigError(f"{port.setting} and {seen[port.number].setting} both name port {port.number}")
        seen[port.number] = port
    taken = [port for port in ports(configured) if not _is_free(configured.host, port.number)]
    lines = [
        f"port {port.number} on {configured.host}, wanted for {port.use}, is taken by another program: "
        f"end it, or set {port.setting} to a free port"
        for port in taken
    ]
    if lines:
        raise ConfigError("\n".join(lines))


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: connections of the last run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
