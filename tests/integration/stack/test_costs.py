"""What jobs took, as it is recorded: every attempt, also one that failed, and never at the cost of the job."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from redeye.foundation import cost_store
from redeye.foundation.catalogs import Catalog
from redeye.foundation.cost_store import record_cost
from redeye.foundation.errors import ConfigError
from redeye.foundation.postgres import ledger_transaction
from redeye.foundation.settings import PROJECT_ROOT, settings
from redeye.stack.servers import system_user

pytestmark = pytest.mark.integration

NIGHT, NEXT = date(2013, 4, 2), date(2013, 4, 3)
JOB, NAME = "redeye.scoring.score:score_night", "score_night"


def burn() -> None:
    """Some CPU time, and some bytes."""
    sum(number * number for number in range(2_000_000))
    with Path(os.devnull).open("wb") as sink:
        sink.write(b"x" * 1_000_000)


def fail() -> None:
    """A job that takes something and fails."""
    burn()
    raise ConfigError("no such night")


@pytest.mark.usefixtures("stack_env")
def test_attempts_add_up_by_night_model_and_job() -> None:
    with record_cost(JOB, NIGHT, model="flight_delay", run_id="first"):
        burn()
    with pytest.raises(ConfigError), record_cost(JOB, NIGHT, model="flight_delay", run_id="first"):
        fail()
    with record_cost("redeye.operations.build_nights:transform", NEXT, model=None, run_id="other"):
        pass

    build, score = cost_store.read_costs(NIGHT, NEXT)
    assert (build.night, build.model, build.attempts) == (NEXT, "", 1)
    assert (score.night, score.model, score.job, score.attempts) == (NIGHT, "flight_delay", NAME, 2)
    assert score.cpu_seconds > build.cpu_seconds
    assert score.bytes_written >= 2_000_000
    assert cost_store.read_costs(date(2013, 5, 1), date(2013, 5, 2)) == []


@pytest.mark.usefixtures("stack_env")
def test_a_job_whose_module_has_moved_since_is_the_same_job() -> None:
    night = date(2013, 4, 20)
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger.costs (job, model, night, run_id, is_success, wall_seconds, cpu_seconds, bytes_read, "
            "bytes_written) VALUES ('redeye.jobs.score:score_night', 'flight_delay', %s, 'before', true, 2, 1, 3, 4)",
            (night,),
        )
    with record_cost(JOB, night, model="flight_delay", run_id="since"):
        pass
    (cost,) = cost_store.read_costs(night, night)
    assert (cost.job, cost.attempts) == (NAME, 2)


@pytest.mark.usefixtures("stack_env")
def test_work_that_belongs_to_no_night_is_recorded_with_the_last_one_that_had_ended() -> None:
    from redeye_airflow.operators import MaintenanceOperator

    sunday: Any = {
        "dag_run": SimpleNamespace(run_id="weekly", run_after=datetime(2013, 6, 9, 16, tzinfo=UTC))
    }
    job = "redeye.operations.maintain:check_disk"
    MaintenanceOperator(task_id="check_disk", job=job).execute(sunday)
    (cost,) = cost_store.read_costs(date(2013, 6, 8), date(2013, 6, 9))
    assert (cost.night, cost.model, cost.job, cost.attempts) == (date(2013, 6, 8), "", "check_disk", 1)


@pytest.mark.usefixtures("stack_env")
def test_nobody_can_rewrite_them() -> None:
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('ledger.costs', 'UPDATE, DELETE, TRUNCATE')")
        assert cursor.fetchone() == (False,)


def test_a_task_that_its_own_user_cannot_read_is_measured_all_the_same() -> None:
    # As Airflow does to the processes of tasks; the kernel then keeps their counters for root.
    script = (
        "import ctypes\n"
        "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n"
        "from redeye.foundation import cost_store\n"
        "print(*cost_store._read_counters())\n"
    )
    dropping = system_user.drop_root(system_user.SERVERS) if system_user.is_root() else []
    words = [*dropping, sys.executable, "-c", script]
    variables = os.environ | {"PYTHONPATH": str(PROJECT_ROOT / "ml")}
    ran = subprocess.run(words, env=variables, cwd="/", capture_output=True, text=True, check=True)
    assert all(float(number) >= 0 for number in ran.stdout.split())


def test_a_job_goes_on_where_nothing_can_be_recorded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REDEYE_OUTPUTS_DSN", "host=127.0.0.1 port=1 dbname=none connect_timeout=1")
    settings.cache_clear()
    with caplog.at_level(logging.WARNING), record_cost(JOB, NIGHT, model=None, run_id="first"):
        pass
    settings.cache_clear()
    assert "could not be recorded" in caplog.text
