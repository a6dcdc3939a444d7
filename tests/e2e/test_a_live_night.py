"""A live stack, left alone, runs its night when its clock passes 03:00 in New York.

The clock is moved at the edge of the processes by libfaketime, in Postgres too, whose `now()` Airflow asks
which runs are due: nothing in Redeye or Airflow knows of it. The monotonic clock is left alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

import pandas as pd
import pytest
from throwaway import servers_apart
from waiting import until

from redeye.declarations.calendar import ONE_DAY, zone
from redeye.foundation.settings import PROJECT_ROOT, SHIFT_FILE, settings
from redeye.scoring import outputs_store
from redeye.stack import bootstrap, environment, lifecycle
from redeye.stack.airflow import airflow_api
from redeye.stack.airflow.airflow_api import AirflowApi, Run, RunState
from redeye.warehouse import release_store

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.skipif(
        LIBRARY is None, reason="libfaketime is not installed: apt-get install faketime, or run make as root"
    ),
]

EDGE = Path(__file__).parent / "faked_clock"
MODEL = "flight_delay"
DAGS = ("build_warehouse", f"score_{MODEL}", f"monitor_{MODEL}")
PREPARED_WITHIN, DONE_WITHIN = 1800, 1800


@dataclass
class FakedClock:
    """A file that says how far all processes' clocks are ahead."""

    path: Path

    def show(self, moment: datetime) -> None:
        """From now on it is `moment`, and time goes on from there."""
        ahead = (moment - datetime.now(UTC)).total_seconds()
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{ahead:+.0f}\n")
        fresh.replace(self.path)

    def run(self, *words: str) -> None:
        """Run a command of Redeye's by this clock, and with it all that it starts."""
        variables = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_CACHE_DURATION": "2",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PATH": f"{EDGE / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": f"{PROJECT_ROOT / 'ml'}:{EDGE}",
        }
        ran = subprocess.run(
            [sys.executable, "-m", "redeye", *words],
            env=os.environ | variables,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=PREPARED_WITHIN,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


@dataclass(frozen=True)
class Live:
    """A live stack, the night that is about to end, and its clock."""

    api: AirflowApi
    tonight: date
    clock: FakedClock


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    # Postgres' own user reads the file as well.
    folder = Path(tempfile.mkdtemp(prefix="redeye-clock-"))
    folder.chmod(0o755)
    faked = FakedClock(folder / "ahead")
    tonight = datetime.now(zone()).date()
    faked.show(datetime.combine(tonight + ONE_DAY, clock(0, 30), zone()))
    try:
        with servers_apart(tmp_path_factory.mktemp("live") / "home"):
            faked.run("live", "--history-weeks", "1")
            settings.cache_clear()
            environment.export(settings(), bootstrap.prepare_files(settings()))
            with airflow_api.open_api(settings()) as api:
                yield Live(api, tonight, faked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def runs_of(live: Live, dag_id: str) -> list[Run]:
    return live.api.night_runs(dag_id, live.tonight, live.tonight)


def wait_for(look: Callable[[], dict[str, list[Run]]]) -> dict[str, list[Run]]:
    """What `look` finds once every DAG has one run and it has ended, well or not."""

    def ended() -> dict[str, list[Run]] | None:
        found = look()
        states = [run.state for runs in found.values() for run in runs]
        is_all = len(states) == len(found) and set(states) <= {RunState.SUCCESS, RunState.FAILED}
        return found if is_all else None

    found = until(ended, DONE_WITHIN)
    assert found
    return found


def test_left_alone_over_0300_it_completes_its_night(live: Live) -> None:
    assert not any(runs_of(live, dag_id) for dag_id in DAGS), "03:00 came before the test began"
    weeks = int((settings().home / SHIFT_FILE).read_text())
    assert weeks > 0
    # Unpausing ran the newest complete night at once: the clock is not moved under running tasks.
    before = live.tonight - ONE_DAY
    wait_for(lambda: {dag_id: live.api.night_runs(dag_id, before, before) for dag_id in DAGS})
    # A clock that jumps under running servers makes them look dead: the minutes until 03:00 pass as they do.
    lifecycle.down(settings())
    live.clock.show(datetime.combine(live.tonight + ONE_DAY, clock(2, 55), zone()))
    live.clock.run("stack", "up")

    # From here on the stack is only looked at.
    found = wait_for(lambda: {dag_id: runs_of(live, dag_id) for dag_id in DAGS})
    for dag_id, runs in found.items():
        assert [run.state for run in runs] == [RunState.SUCCESS], dag_id
        assert runs[0].run_id.startswith("scheduled__"), dag_id

    release = release_store.release(live.tonight)
    assert release is not None
    assert (release.kind, release.first_night, release.shift_weeks) == ("nightly", live.tonight, weeks)
    rows = outputs_store.read("predictions", MODEL, live.tonight, live.tonight)
    assert set(pd.to_datetime(rows["flight_date"]).dt.date) == {live.tonight + timedelta(days=1)}
    assert set(rows[outputs_store.LABEL]) == {weeks}
    assert not rows["is_degraded"].any()
    assert len(outputs_store.read("verdicts", MODEL, live.tonight, live.tonight)) == 1
    assert (settings().exports / MODEL / live.tonight.isoformat() / "manifest.json").is_file()
