"""Importing Feast without its run-time type checks, which are most of what the import costs.

Feast decorates its classes with typeguard's `typechecked`, which recompiles their source at every import
of every process: 2 of 3 seconds. Python's `-O` switches it off, but our asserts and others' with it. Here
the decorator is the identity while Feast is imported, and only then; our own types are checked by mypy.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_lock = threading.RLock()


def import_feast(module: str = "feast") -> ModuleType:
    """Import `feast` or a module that imports it. The first import in a process decides how it is done."""
    with _skip_type_checks():
        return importlib.import_module(module)


@contextmanager
def _skip_type_checks() -> Iterator[None]:
    if "feast" in sys.modules:
        yield
        return
    import typeguard

    def identity(target: object = None, **_: object) -> object:
        return target if target is not None else identity

    with _lock:
        checked = typeguard.typechecked
        vars(typeguard)["typechecked"] = identity
        try:
            yield
        finally:
            vars(typeguard)["typechecked"] = checked
