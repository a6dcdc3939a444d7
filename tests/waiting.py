"""Waits end with a condition. Each has a deadline, far off: a machine may have ten other things to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 900.0
"""What servers and whole nights get: nothing takes a tenth of it on an idle machine."""

Found = TypeVar("Found")


def until(condition: Callable[[], Found], seconds: float = 300.0) -> Found:
    """What a condition gives as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.1)
    return found


def patient(seconds: float = PATIENCE_SECONDS) -> Callable[[object, object], None]:
    """Looks on while Airflow's runs are waited for, and gives up after a while."""
    deadline = time.monotonic() + seconds

    def watch(runs: object, now: object) -> None:
        assert time.monotonic() < deadline, f"{runs} did not end in time; {now} is running"

    return watch
