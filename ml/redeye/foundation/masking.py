"""Secrets out of what is shown and kept.

The second line: the first is that no address and no message holds one. What this process knows by its environment is
hidden wherever it stands, and passwords of addresses by how they stand there.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from redeye.foundation.logic.visible_text import PASSWORD, hide_passwords

SHORTEST = 8
"""Characters of a secret that is hidden wherever it stands: shorter ones are words of other texts, too."""
_NAMED = re.compile(r"(?:PASSWORD|SECRET|FERNET_KEY|JWT_SECRET|ACCESS_KEY|SECRET_KEY|CONTENT_KEY|TOKEN)$")
_CUT_SHORT = re.compile(r"://[^:/\s]*:([^\s/@]*[^\d\s/@][^\s/@]*)(?=/|\s|$)")
_TOKENS = "REDEYE_ALERT_URLS"


def find_secrets(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The secrets that an environment holds, the longest first: values that are one, passwords of DSNs and URLs."""
    found = {secret for secret in _list_secrets(environ) if len(secret) >= SHORTEST}
    return sorted(found, key=lambda secret: (-len(secret), secret))


def mask(text: str) -> str:
    """The text without passwords and without this process's secrets."""
    text = hide_passwords(text)
    for secret in find_secrets():
        text = text.replace(secret, "***")
    return text


class MaskingFormatter(logging.Formatter):
    """Formats a record, its traceback included, and hides secrets in all of it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return mask(super().format(record))


def mask_logs(handlers: Iterable[logging.Handler] | None = None) -> None:
    """Let handlers, by default all of the root logger, hide secrets in whatever they write."""
    for handler in logging.getLogger().handlers if handlers is None else handlers:
        kept = handler.formatter or logging.Formatter()
        handler.setFormatter(MaskingFormatter(kept._fmt, kept.datefmt))


def _list_secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if _NAMED.search(name):
            yield value
        for found in PASSWORD.finditer(value):
            password = (found["value"] or found["part"]).strip("'\"")
            yield from (password, unquote(password))
        # Of an address that was cut short, what comes where a port is looked for is quoted as no number.
        yield from _CUT_SHORT.findall(value)
    # An address of an alert is a secret by itself with some services: its path is the token.
    for piece in re.split(r"[\s:/@?&=]+", environ.get(_TOKENS, "")):
        if "." not in piece:
            yield piece
