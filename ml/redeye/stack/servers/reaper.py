"""When a server dies, end the children it leaves behind, so that its successor finds its port free.

An event listener of the supervisor: it starts each server as the leader of a process group, and
tells here when one has exited. Without this, a killed scheduler leaves its workers, and a killed
MLflow the child that holds its port.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from redeye.stack.servers.supervisor_events import listen

_GRACE_SECONDS = 3.0


def end_group(leader: int, grace_seconds: float = _GRACE_SECONDS) -> bool:
    """End what is left of a dead leader's process group; whether anything was left.

    Its members are asked first, and killed after the grace.
    """
    if not _signal_group(leader, signal.SIGTERM):
        return False
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and _signal_group(leader, 0):
        time.sleep(0.1)
    _signal_group(leader, signal.SIGKILL)
    return True


def serve(events: TextIO, answers: TextIO, end: Callable[[int], bool] = end_group) -> None:
    """Answer the supervisor's events until it closes the stream."""

    def reap(payload: Mapping[str, str]) -> None:
        if pid := int(payload.get("pid", 0)):
            end(pid)

    listen(events, answers, reap)


def _signal_group(leader: int, number: int) -> bool:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
