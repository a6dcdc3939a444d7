"""Consumers' tokens: what is stored of one, whether it counts, and which models it opens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

EVERY_MODEL = "*"


@dataclass(frozen=True)
class Token:
    """What is known of a token; of the token itself only its SHA-256.

    Attributes:
        models: names of the models it opens; `*` is every one.
        expires_at: from then on it opens nothing; None is never.
        revoked_at: None unless it was revoked.
    """

    token_id: int
    name: str
    digest: str
    models: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it opens anything at an instant, which has a time zone."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def opens(self, model: str) -> bool:
        """Whether it may read a model."""
        return EVERY_MODEL in self.models or model in self.models


def hash_token(text: str) -> str:
    """What is stored in place of a token, in hexadecimal digits."""
    # A token holds 32 random bytes: there is nothing to guess, so a plain hash keeps it as well as a slow one.
    return hashlib.sha256(text.encode("utf-8", errors="surrogateescape")).hexdigest()


def index_tokens(tokens: Iterable[Token]) -> dict[str, Token]:
    """Tokens by what is stored of them."""
    return {token.digest: token for token in tokens}


def read_bearer(header: str | None) -> str | None:
    """The token of an `Authorization` header; None if it holds none."""
    scheme, _, text = (header or "").partition(" ")
    return text.strip() or None if scheme.lower() == "bearer" else None
