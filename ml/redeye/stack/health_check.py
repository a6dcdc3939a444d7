"""Health checks for containers: whether a server does its work, not whether its process is there.

`python -m redeye.stack.health_check job SchedulerJob` looks at the heartbeat that Airflow's process on this host
writes to its database, `… worker` asks the Celery worker on this host, `… http URL` asks a server, `… fresh FILE`
looks when a file was last touched. The exit status is the answer. Little is imported: checks run every half minute
in every container.
"""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg2

HEARTBEAT_SECONDS = 60
"""Airflow's own processes beat every 5 seconds; a dag-processor may miss some in a long parse."""

FRESH_SECONDS = 300
"""A round of the alerts takes a minute and what it asks; the size of every file some more."""

_TIMEOUT_SECONDS = 10


def job(kind: str) -> bool:
    """Whether a job of Airflow's of this kind beats on this host, such as `SchedulerJob`."""
    dsn = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("postgresql+psycopg2://", "postgresql://")
    link = psycopg2.connect(dsn, connect_timeout=_TIMEOUT_SECONDS)
    try:
        with link.cursor() as at:
            at.execute(
                "SELECT count(*) FROM job WHERE job_type = %s AND hostname = %s AND state = 'running' "
                "AND latest_heartbeat > now() - %s * INTERVAL '1 second'",
                (kind, _hostname(), HEARTBEAT_SECONDS),
            )
            found = at.fetchone()
    finally:
        link.close()
    return bool(found and found[0])


def worker(name: str = "") -> bool:
    """Whether the Celery worker on this host, or the one named, answers."""
    from celery import Celery  # type: ignore[import-untyped]

    asked = name or f"celery@{socket.gethostname()}"
    with Celery(broker=os.environ["AIRFLOW__CELERY__BROKER_URL"]) as app:
        return bool(app.control.ping(destination=[asked], timeout=_TIMEOUT_SECONDS))


def http(url: str) -> bool:
    """Whether a server answers a GET with success."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False


def fresh(path: str) -> bool:
    """Whether a file was touched in the last minutes, as a process does that works in rounds."""
    try:
        return time.time() - Path(path).stat().st_mtime < FRESH_SECONDS
    except FileNotFoundError:
        return False


def _hostname() -> str:
    """As Airflow writes it: by its configured callable, without importing Airflow where there is none."""
    chosen = os.environ.get("AIRFLOW__CORE__HOSTNAME_CALLABLE", "")
    if chosen.endswith("environment.hostname"):
        from redeye.stack.environment import hostname

        return hostname()
    return socket.gethostname() if chosen == "socket.gethostname" else socket.getfqdn()


def main(arguments: Sequence[str]) -> int:
    """The exit status of one check, named with what it takes: 0 if healthy."""
    checks: dict[str, Callable[..., bool]] = {"job": job, "worker": worker, "http": http, "fresh": fresh}
    name, *rest = arguments
    return 0 if checks[name](*rest) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
