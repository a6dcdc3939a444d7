"""The installation's secrets: generated once into `<home>/secrets.env`, readable by their owner only."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets as random
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from redeye.foundation.errors import ConfigError

FILE_NAME = "secrets.env"


def _make_secret(name: str) -> str:
    if name == "airflow_fernet_key":
        return base64.urlsafe_b64encode(random.token_bytes(32)).decode()
    if name == "content_key":
        return random.token_hex(32)
    return random.token_urlsafe(24)


@dataclass(frozen=True, repr=False)
class Secrets:
    """Passwords and keys of one installation. Their alphabet is safe in URLs, libpq DSNs and SQL literals."""

    postgres_password: str
    airflow_db_password: str
    mlflow_db_password: str
    mlflow_login_db_password: str
    feast_db_password: str
    warehouse_db_password: str
    outputs_db_password: str
    airflow_admin_password: str
    airflow_viewer_password: str
    airflow_secret_key: str
    airflow_jwt_secret: str
    airflow_fernet_key: str
    mlflow_admin_password: str
    mlflow_viewer_password: str
    mlflow_flask_secret_key: str
    content_key: str


_NAMES = tuple(field.name for field in fields(Secrets))


def load_or_create(home: Path) -> Secrets:
    """Read the secrets under `home`, generating whatever is missing; what exists never changes.

    Safe to call from several processes at once: the first one generates, the others wait and read.

    Raises:
        ConfigError: if the file holds a line that is not `NAME=value`.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = home / FILE_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.fchmod(file.fileno(), 0o600)
        known = _parse(path, file.read())
        missing = [name for name in _NAMES if name not in known]
        if missing:
            known |= {name: _make_secret(name) for name in missing}
            file.seek(0)
            file.truncate()
            file.write("".join(f"{name.upper()}={known[name]}\n" for name in _NAMES))
            file.flush()
            os.fsync(file.fileno())
    return Secrets(**{name: known[name] for name in _NAMES})


def _parse(path: Path, text: str) -> dict[str, str]:
    known: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator or not value.strip():
            raise ConfigError(f"{path}, line {number}: expected NAME=value; remove the line and start again")
        known[name.strip().lower()] = value.strip()
    return known


def values(secrets: Secrets) -> frozenset[str]:
    """Every secret value, for those who must keep them out of what they print or log."""
    return frozenset(asdict(secrets).values())
