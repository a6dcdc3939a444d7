"""Killed at any point, or with a full disk: the next run leaves the ledger and the landing of an undisturbed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE_SECONDS

from flights.nycflights13 import NycFlights13
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import DeliveryInterrupted
from redeye.foundation.postgres import read_rows
from redeye.foundation.settings import PROJECT_ROOT, settings
from redeye.sources import landing_store
from redeye.sources.ingest import ingest_nights
from redeye.warehouse import release_store

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("stack_env")]

NIGHT = date(2013, 4, 4)

# A function of the intake, and how often it is called before the process dies in its next call.
MOMENTS = {
    "before anything has landed": ("redeye.sources.landing_store._write", 0),
    "between a file and its manifest": ("redeye.sources.landing_store._write", 1),
    "within the second file": ("os.fsync", 3),
    "when all has landed": ("redeye.audits.audit.make_context", 0),
    "while Data Docs are written": ("redeye.audits.audit.publish", 0),
    "before the first judgement is kept": ("redeye.sources.delivery_store.record_deliveries", 0),
    "between two judgements": ("redeye.sources.delivery_store.record_deliveries", 1),
}
# Each costs an audit in a process of its own; the others meet the same code.
LONG = ("before anything has landed", "when all has landed", "before the first judgement is kept")


def landed_files(night: date, root: Path | None = None) -> dict[str, bytes]:
    """Every file of a night in the landing, unfinished ones included, with its content."""
    root = root or settings().landing
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and night.isoformat() in path.parts
    }


def judgements(night: date) -> list[tuple[Any, ...]]:
    return read_rows(
        Catalog.WAREHOUSE,
        "SELECT dataset, content_hash, row_count, arrival_night, is_accepted, count(*) FROM ledger.deliveries "
        "WHERE night = %s GROUP BY 1, 2, 3, 4, 5 ORDER BY 1",
        (night,),
    )


def undisturbed(night: date, root: Path) -> tuple[dict[str, bytes], list[tuple[Any, ...]]]:
    """What the landing and the ledger of a night have to be, by the source alone."""
    refs = [landing_store.land(root, each) for each in NycFlights13().fetch(night, night)]
    rows = [(ref.dataset, ref.content_hash, ref.rows, night, True, 1) for ref in refs]
    return landed_files(night, root), sorted(rows)


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        pytest.param(number, moment, id=moment, marks=[pytest.mark.long] if moment in LONG else [])
        for number, moment in enumerate(MOMENTS)
    ],
)
def test_killed_and_done_again_is_as_undisturbed(number: int, moment: str, tmp_path: Path) -> None:
    night = NIGHT + timedelta(days=number)
    _kill_at(*MOMENTS[moment], night)
    ingest_nights(night, night)
    assert (landed_files(night), judgements(night)) == undisturbed(night, tmp_path)
    ingest_nights(night, night)
    assert (landed_files(night), judgements(night)) == undisturbed(night, tmp_path)
    assert not release_store.is_gap(night)


def _kill_at(name: str, after: int, night: date) -> None:
    module, _, function = name.rpartition(".")
    script = textwrap.dedent(
        f"""
        import importlib, os, signal
        from datetime import date
        from redeye.sources import ingest
        module = importlib.import_module({module!r})
        real, calls = getattr(module, {function!r}), []
        def die_at(*args, **kwargs):
            calls.append(1)
            if len(calls) == {after} + 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        setattr(module, {function!r}, die_at)
        ingest.ingest_nights(date.fromisoformat('{night}'), date.fromisoformat('{night}'))
        """
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "ml")}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr[-3000:]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a night's weather and schedule, not for its outcomes."""
    folder = tmp_path / "landing"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=88k", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_costs_what_it_cannot_hold_and_is_made_up_for(small_disk: Path, tmp_path: Path) -> None:
    night = NIGHT - timedelta(days=30)
    with pytest.raises(DeliveryInterrupted, match="No space left on device") as full:
        ingest_nights(night, night, root=small_disk)
    assert f"{small_disk}/nycflights13/outcomes/{night}" in str(full.value)
    assert {row[0] for row in judgements(night)} == {"weather", "schedule"}
    assert "No space left on device" in str(release_store.gap_reason(night))
    subprocess.run(["mount", "-o", "remount,size=10m", str(small_disk)], check=True)
    ingest_nights(night, night, root=small_disk)
    files, rows = undisturbed(night, tmp_path / "undisturbed")
    assert landed_files(night, small_disk) == files
    assert judgements(night) == rows
