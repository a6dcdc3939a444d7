"""What jobs take of the machine: seconds of CPU and bytes, by night and by model. Append-only."""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import psutil
import psycopg2

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.postgres import insert, read_rows

log = logging.getLogger(__name__)

_BLOCK = 512


@dataclass(frozen=True)
class Cost:
    """What the attempts at some jobs took, added up.

    Attributes:
        night: that they worked for.
        model: empty for what all models share, such as the build.
        attempts: failed ones count: they took it too.
        bytes_read: through system calls, cached or not; from the disk alone in tasks that do not run as root, of
            which the kernel tells no more. `bytes_written` alike.
    """

    night: date
    model: str
    job: str
    attempts: int
    wall_seconds: float
    cpu_seconds: float
    bytes_read: int
    bytes_written: int


def _read_counters() -> tuple[float, float, int, int]:
    """Seconds by the clock and of CPU, bytes read and written: of this process and the children it has waited for."""
    process = psutil.Process()
    times = process.cpu_times()
    cpu = times.user + times.system + times.children_user + times.children_system
    try:
        io = process.io_counters()
        return time.monotonic(), cpu, io.read_chars, io.write_chars
    except psutil.AccessDenied:
        # Airflow closes a task's process to its own user, and the kernel then tells these to root alone.
        used = resource.getrusage(resource.RUSAGE_SELF)
        return time.monotonic(), cpu, used.ru_inblock * _BLOCK, used.ru_oublock * _BLOCK


@contextmanager
def record_cost(job: str, night: date, *, model: str | None, run_id: str) -> Iterator[None]:
    """Record what happens inside as one attempt at a job, also if it fails.

    A measurement that cannot be recorded is logged: it must not cost the night. Of the job, `module:function`, the
    function's name alone is recorded, since modules move. The model is None for what all models share.
    """
    before, is_success = _read_counters(), False
    try:
        yield
        is_success = True
    finally:
        taken = (now - then for now, then in zip(_read_counters(), before, strict=True))
        try:
            insert(
                Catalog.OUTPUTS,
                "INSERT INTO ledger.costs (job, model, night, run_id, is_success, wall_seconds, cpu_seconds, "
                "bytes_read, bytes_written) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (job.rpartition(":")[2], model, night, run_id, is_success, *taken),
            )
        except (psycopg2.Error, ConfigError) as error:
            log.warning("what %s took could not be recorded: %s", job, str(error).strip())


def read_costs(first: date, last: date) -> list[Cost]:
    """What the nights `first` to `last` took, by night, model and job; newest night first.

    Rows of before name a job's module as well: they count as the same job.
    """
    rows = read_rows(
        Catalog.OUTPUTS,
        "SELECT night, coalesce(model, ''), regexp_replace(job, '^.*:', ''), count(*), sum(wall_seconds), "
        "sum(cpu_seconds), sum(bytes_read)::bigint, sum(bytes_written)::bigint FROM ledger.costs "
        "WHERE night BETWEEN %s AND %s GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3",
        (first, last),
    )
    return [Cost(*row) for row in rows]


def read_success_times(
    first: date, last: date, jobs: Sequence[str]
) -> dict[tuple[str, str, date], tuple[datetime, datetime]]:
    """When jobs of the nights `first` to `last` first and last succeeded, in UTC: by job, model and night.

    By the wall clock; the model is empty for what all models share.
    """
    rows = read_rows(
        Catalog.OUTPUTS,
        "SELECT split_part(job, ':', -1), coalesce(model, ''), night, min(recorded_at), max(recorded_at) "
        "FROM ledger.costs WHERE night BETWEEN %s AND %s AND is_success AND split_part(job, ':', -1) = ANY(%s) "
        "GROUP BY 1, 2, 3",
        (first, last, list(jobs)),
    )
    return {(job, model, night): (began, ended) for job, model, night, began, ended in rows}
