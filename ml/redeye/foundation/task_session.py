"""What one task keeps open: connections, each made when it is first asked for and closed when the task ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_kept: ContextVar[dict[str, dict[Any, Any]] | None] = ContextVar("connections of the task", default=None)


@contextmanager
def task_session() -> Iterator[None]:
    """Let what is done inside share connections; a session within a session is part of it.

    Outside of a session each question has a connection of its own: a server that answers for weeks must not
    depend on one that was made before the database was started again.
    """
    if _kept.get() is not None:
        yield
        return
    kept: dict[str, dict[Any, Any]] = {}
    outside = _kept.set(kept)
    try:
        yield
    finally:
        _kept.reset(outside)
        for connections in kept.values():
            for each in connections.values():
                each.close()


def find_connections(kind: str) -> dict[Any, Any] | None:
    """The session's connections of a kind, to take from and to put into; None outside of a session."""
    session = _kept.get()
    return None if session is None else session.setdefault(kind, {})
