"""Restart a scheduler that lives but does not work: its heartbeat tells, its process does not.

An event listener of the supervisor, asked every minute. Airflow's scheduler can hang with its process
alive: tasks then stay queued for good, and a supervisor that only looks for dead processes does nothing.
Airflow's health page tells when the scheduler's loop last beat. What cannot be asked is not acted upon.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO
from xmlrpc.client import Fault

from supervisor import childutils

from redeye.stack.servers.supervisor_events import listen

log = logging.getLogger(__name__)

SCHEDULER = "servers:scheduler"
BOUND_SECONDS = 180.0
"""It beats every 5 s, and Airflow calls it unhealthy after 30; a machine at its limit may take a minute."""

_ASK_SECONDS = 20.0


class Supervised(Protocol):
    """What is asked of the supervisor."""

    def getProcessInfo(self, name: str) -> dict[str, Any]:  # noqa: N802  supervisord's name
        """State and times of a process."""

    def stopProcess(self, name: str) -> bool:  # noqa: N802  supervisord's name
        """Stop it and wait for its end; what does not end in time is killed."""

    def startProcess(self, name: str, wait: bool) -> bool:  # noqa: N802  supervisord's name
        """Start it."""


def scheduler_heartbeat(airflow_url: str) -> datetime | None:
    """When Airflow's scheduler last beat; None if it never did or Airflow does not answer."""
    page = f"{airflow_url}/api/v2/monitor/health"
    try:
        with urllib.request.urlopen(page, timeout=_ASK_SECONDS) as answer:  # noqa: S310  our own address
            reported = json.load(answer)["scheduler"]["latest_scheduler_heartbeat"]
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError, KeyError, TypeError):
        return None
    return datetime.fromisoformat(reported) if reported else None


def check(
    heartbeat: Callable[[], datetime | None],
    supervised: Supervised,
    clock: Callable[[], float] = time.time,
    bound_seconds: float = BOUND_SECONDS,
) -> bool:
    """Restart the scheduler if it has run for longer than the bound and last beat before that; whether it was.

    The bound is also the time that a new scheduler has to start.
    """
    now, running = clock(), supervised.getProcessInfo(SCHEDULER)
    if running["statename"] != "RUNNING" or now - running["start"] <= bound_seconds:
        return False
    last = heartbeat()
    if last is None or (age := now - last.astimezone(UTC).timestamp()) <= bound_seconds:
        return False
    log.warning(
        "the scheduler (pid %s) runs but has not beaten for %.0f s, since %s; more than %.0f s is taken for a "
        "hang: restarting it",
        running["pid"],
        age,
        last.isoformat(timespec="seconds"),
        bound_seconds,
    )
    try:
        supervised.stopProcess(SCHEDULER)
    except Fault as fault:
        # It may have ended by itself meanwhile; whether it can be started is what counts.
        log.warning("it could not be stopped: %s", fault.faultString)
    supervised.startProcess(SCHEDULER, False)
    log.warning("the scheduler was started again")
    return True


def serve(events: TextIO, answers: TextIO, look: Callable[[], bool]) -> None:
    """Look at every tick of the supervisor, until it closes the stream."""

    def at_tick(_: Mapping[str, str]) -> None:
        try:
            look()
        except (Fault, OSError):
            log.exception("the supervisor did not do as it was asked; the next tick tries again")

    listen(events, answers, at_tick)


def main() -> None:
    """Listen, as a program of the supervisor's."""
    # Its log is its standard error: its standard output is the supervisor's protocol.
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    supervised = childutils.getRPCInterface(os.environ).supervisor
    url, bound = sys.argv[1], float(sys.argv[2])
    serve(
        sys.stdin,
        sys.stdout,
        lambda: check(lambda: scheduler_heartbeat(url), supervised, bound_seconds=bound),
    )


if __name__ == "__main__":
    main()
