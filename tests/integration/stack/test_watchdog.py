"""A stopped scheduler under the real supervisor: alive, silent, and started again."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from waiting import until

from redeye.foundation.settings import Settings
from redeye.stack.servers import programs
from redeye.stack.servers.programs import Program
from redeye.stack.servers.supervisor import ProcessState, Supervisor

pytestmark = pytest.mark.integration

BOUND_SECONDS = 3
# Stands in for Airflow's scheduler: it beats, and cannot when it is stopped.
SCHEDULER = """
import pathlib, sys, time
while True:
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(0.2)
"""
# Stands in for Airflow's API server: its health page tells the last beat.
API_SERVER = """
import datetime, http.server, json, os, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1] + ".asked", "a") as asked:
            print("asked", file=asked)
        assert self.path == "/api/v2/monitor/health"
        beat = datetime.datetime.fromtimestamp(os.stat(sys.argv[1]).st_mtime, datetime.UTC)
        body = json.dumps({"scheduler": {"latest_scheduler_heartbeat": beat.isoformat()}}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Health).serve_forever()
"""


@pytest.fixture
def supervisor(tmp_path, spare_port):
    configured = Settings(home=tmp_path / "home", airflow_port=spare_port)
    beat = str(tmp_path / "beat")
    for folder in ("logs", "run"):
        (configured.home / folder).mkdir(parents=True)
    (tmp_path / "scheduler.py").write_text(SCHEDULER)
    (tmp_path / "api_server.py").write_text(API_SERVER)
    every = (
        Program("scheduler", [sys.executable, str(tmp_path / "scheduler.py"), beat], stop_seconds=2),
        Program("api-server", [sys.executable, str(tmp_path / "api_server.py"), beat, str(spare_port)]),
        Program(programs.DATABASE, ["sleep", "600"]),
    )
    text = programs.configuration(configured, every)
    for ours, faster in (
        ("TICK_60", "TICK_5"),
        (" 180\n", f" {BOUND_SECONDS}\n"),
        ("startsecs=5", "startsecs=1"),
    ):
        assert ours in text
        text = text.replace(ours, faster)
    programs.configuration_path(configured).write_text(text)
    made = Supervisor(configured)
    made.start(os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        made.start_missing()
        yield made, configured.home / "logs" / "watchdog.log", tmp_path / "beat.asked"
    finally:
        made.shut_down()


def pid_of(supervisor, *, other_than=0):
    status = next(status for status in supervisor.statuses() if status.name == "scheduler")
    return status.pid if status.state == ProcessState.RUNNING and status.pid != other_than else None


def test_a_stopped_scheduler_is_started_again_and_a_beating_one_is_not(supervisor):
    running, log, asked = supervisor
    pid = until(lambda: pid_of(running))
    # It is asked for when it has run for longer than the bound. It beats, so nothing happens.
    until(lambda: asked.exists() and len(asked.read_text().splitlines()) >= 2)
    assert pid_of(running) == pid
    os.kill(pid, signal.SIGSTOP)
    assert until(lambda: pid_of(running, other_than=pid))
    assert f"the scheduler (pid {pid}) runs but has not beaten" in log.read_text()
