"""Text that can be shown and kept: what cannot be seen, or not be stored, is written as its escape; no passwords."""

from __future__ import annotations

import re
from typing import Any

# Of a libpq DSN, and of a URL.
PASSWORD = re.compile(r"(password\s*=\s*)('[^']*'|[^\s\"]+)|(://[^:/\s]+:)[^@\s]+(?=@)")
# What Postgres refuses (NUL, halves of a surrogate pair) and what a terminal or a page obeys instead of showing it.
# Tabs and ends of lines are left: messages are made of lines.
CONTROLS = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


def escape_controls(text: str) -> str:
    """The text with its control characters as escapes; what is an escape already stays as it is."""
    return CONTROLS.sub(_escape, text)


def hide_passwords(text: str) -> str:
    """The text without the passwords of the DSNs and URLs in it."""
    return PASSWORD.sub(lambda match: f"{match[1] or match[3]}***", text)


def escape_hidden(text: str) -> str:
    """The text on one line, with all that cannot be seen as its escape, such as blanks that are none."""
    return text if text.isprintable() else re.sub(r"[^ -~]", _escape_unprintable, text)


def escape_all(value: Any) -> Any:  # noqa: ANN401 - any value that JSON can hold
    """A value with the control characters escaped in every text in it, keys included; the rest as it is."""
    if isinstance(value, str):
        return escape_controls(value)
    if isinstance(value, dict):
        return {escape_all(key): escape_all(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(escape_all(each) for each in value)
    return value


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _escape_unprintable(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else _escape(found)
