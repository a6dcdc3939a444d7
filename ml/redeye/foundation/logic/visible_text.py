"""Text that can be shown and kept: what cannot be seen, or not be stored, is written as its escape; no passwords."""

from __future__ import annotations

import re
from typing import Any

# Of a libpq DSN, also one within SQL, of JSON and of a URL; a password may hold all but blanks.
PASSWORD = re.compile(
    r"""(?P<before>(?i:password|passwd)\s*=\s*|"(?i:password)"\s*:\s*)"""
    r"""(?P<value>'{1,2}(?:\\.|[^'\\])*'{1,2}|"(?:\\.|[^"\\])*"|[^\s"]+)"""
    r"""|(?P<start>://[^:/\s]*:)(?P<part>[^\s"]+)(?=@)"""
)
# What Postgres refuses (NUL, halves of a surrogate pair) and what a terminal or a page obeys instead of showing it.
# Tabs and ends of lines are left: messages are made of lines.
CONTROLS = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


def escape_controls(text: str) -> str:
    """The text with its control characters as escapes; what is an escape already stays as it is."""
    return CONTROLS.sub(_escape, text)


def hide_passwords(text: str) -> str:
    """The text without the passwords of the DSNs and URLs in it."""
    return PASSWORD.sub(lambda match: f"{match['before'] or match['start']}***", text)


def escape_hidden(text: str) -> str:
    """The text on one line, with all that cannot be seen as its escape, such as blanks that are none."""
    return text if text.isprintable() else re.sub(r"[^ -~]", _escape_unprintable, text)


def make_storable(value: Any) -> Any:  # noqa: ANN401 - any value that JSON can hold
    """A value with control characters escaped and passwords hidden in every text in it, keys included."""
    if isinstance(value, str):
        return hide_passwords(escape_controls(value))
    if isinstance(value, dict):
        return {make_storable(key): make_storable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(make_storable(each) for each in value)
    return value


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _escape_unprintable(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else _escape(found)
