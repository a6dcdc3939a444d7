"""Sandboxes that last as long as the work they are made for, also where its process is killed.

Each is held by a lock on its folder, of which the kernel lets go with the process. What no process holds any more is
removed by whoever makes the next one.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from redeye.foundation.settings import settings
from redeye.review.sandboxes import sandbox_catalog
from redeye.review.sandboxes.sandbox_catalog import NOTE, Sandbox
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)

PREFIX = "impact"


@contextmanager
def hold_sandbox(name: str, release: Release, *, first_night: date) -> Iterator[Sandbox]:
    """A sandbox at a release, for as long as the context."""
    with _hold(
        lambda unique: sandbox_catalog.make(unique, release, first_night=first_night, is_temporary=True), name
    ) as made:
        yield made


@contextmanager
def hold_copy(sandbox: Sandbox, name: str) -> Iterator[Sandbox]:
    """A second sandbox with what a temporary one holds now, for as long as the context."""
    with _hold(lambda unique: sandbox_catalog.copy(sandbox, unique), name) as made:
        yield made


@contextmanager
def _hold(make: Callable[[str], Sandbox], name: str) -> Iterator[Sandbox]:
    with _lock(settings().home):
        made = make(f"{PREFIX}{name}-{os.getpid()}")
        handle = _open_locked(made.folder)
    try:
        yield made
    finally:
        sandbox_catalog.drop(made.name)
        os.close(handle)


def drop_abandoned() -> list[str]:
    """Remove the temporary sandboxes that no process holds, and those that one left half made; their names."""
    gone = []
    with _lock(settings().home):
        found = [*sandbox_catalog.root().glob(f"{PREFIX}*"), *sandbox_catalog.root().glob(f".{PREFIX}*")]
        for folder in sorted(found):
            if _is_temporary(folder) and _is_free(folder):
                shutil.rmtree(folder)
                gone.append(folder.name)
    if gone:
        log.warning("removed what a killed process left: %s", ", ".join(gone))
    return gone


def _is_temporary(folder: Path) -> bool:
    note = folder / NOTE
    return not note.is_file() or bool(json.loads(note.read_text(encoding="utf-8")).get("is_temporary"))


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    handle = _open_locked(folder)
    try:
        yield
    finally:
        os.close(handle)


def _open_locked(folder: Path) -> int:
    handle = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # Some network file systems lock no folders: then what is abandoned stays.
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _is_free(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
