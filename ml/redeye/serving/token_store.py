"""The ledger of consumers' tokens. Append-only: a token is revoked by a row of its own."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.postgres import insert, read_rows
from redeye.serving.logic.tokens import Token, hash_token

PREFIX = "redeye_"
"""By which people and scanners know a token of this API when they see one."""
RANDOM_BYTES = 32


def create_token(name: str, models: Sequence[str], *, expires_at: datetime | None, actor: str) -> str:
    """Make a token for some models. It is returned this once, and only its hash is kept.

    Raises:
        ConfigError: if a valid token has the name.
    """
    if any(token.name == name and token.revoked_at is None for token in read_tokens()):
        raise ConfigError(f"there is a token {name!r} already: revoke it first, or choose another name")
    text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    insert(
        Catalog.OUTPUTS,
        "INSERT INTO ledger.access_tokens (name, digest, models, expires_at, created_by) "
        "VALUES (%s, %s, %s, %s, %s)",
        (name, hash_token(text), ",".join(models), expires_at, actor),
    )
    return text


def read_tokens() -> list[Token]:
    """Every token there ever was, in the order in which they were made."""
    rows = read_rows(
        Catalog.OUTPUTS,
        "SELECT t.token_id, t.name, t.digest, t.models, t.created_at, t.created_by, t.expires_at, "
        "(SELECT min(r.revoked_at) FROM ledger.access_token_revocations AS r WHERE r.token_id = t.token_id) "
        "FROM ledger.access_tokens AS t ORDER BY t.token_id",
    )
    return [
        Token(number, name, digest, tuple(models.split(",")), *more)
        for number, name, digest, models, *more in rows
    ]


def revoke_token(name: str, *, actor: str) -> None:
    """Let a token open nothing any more.

    Raises:
        ConfigError: if no token that stands has the name.
    """
    standing = [token for token in read_tokens() if token.name == name and token.revoked_at is None]
    if not standing:
        raise ConfigError(f"there is no token {name!r} to revoke: see `./redeye tokens list`")
    for token in standing:
        insert(
            Catalog.OUTPUTS,
            "INSERT INTO ledger.access_token_revocations (token_id, revoked_by) VALUES (%s, %s)",
            (token.token_id, actor),
        )
