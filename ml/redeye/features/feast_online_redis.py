"""Redis as Feast's online store, by its URL, and whether it still has what was written to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from redeye.foundation.errors import ConfigError

if TYPE_CHECKING:
    from redis import Redis

SCHEMES = {"redis": False, "rediss": True}
"""Scheme of the URL -> whether the connection is encrypted."""

_MARK = "redeye:online:{project}:is-filled"
_TIMEOUT_SECONDS = 10


def store_config(url: str) -> dict[str, Any]:
    """Feast's configuration of the store at `redis://[user:password@]host[:port][/number]`.

    Raises:
        ConfigError: if the URL is of another kind, or Feast could not read what it holds.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ConfigError(
            f"REDEYE_ONLINE_STORE_URL must look like redis://host:6379/1, its scheme is {parts.scheme!r}"
        )
    options = {
        "db": int(parts.path.strip("/") or 0),
        "ssl": SCHEMES[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }
    if any("," in str(value) for value in options.values()):
        raise ConfigError("REDEYE_ONLINE_STORE_URL: Feast takes no comma in a user or a password")
    # Feast reads each value as JSON: a password of digits would become a number.
    reported = [f"{name}={json.dumps(value)}" for name, value in options.items() if value != ""]
    address = f"{parts.hostname}:{parts.port or 6379}"
    return {"type": "redis", "connection_string": ",".join([address, *reported])}


def mark_filled(url: str, project: str) -> None:
    """Note in the store itself that it was filled: the note is lost when the values are."""
    with _open_client(url) as client:
        client.set(_MARK.format(project=project), 1)


def is_filled(url: str, project: str) -> bool:
    """Whether the store has been filled, and not emptied or replaced since."""
    with _open_client(url) as client:
        return bool(client.exists(_MARK.format(project=project)))


def _open_client(url: str) -> Redis:
    from redis import Redis

    return Redis.from_url(url, socket_timeout=_TIMEOUT_SECONDS)
