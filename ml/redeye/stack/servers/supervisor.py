"""Talk to the process supervisor: start it, ask it, and end it together with all it started."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException
from typing import Any, cast
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from redeye.foundation.errors import RedeyeError
from redeye.foundation.settings import Settings
from redeye.stack.servers import programs

log = logging.getLogger(__name__)

_START_SECONDS = 15.0
_STOP_SECONDS = 90.0
_SERVER = re.compile(r"\b(airflow|mlflow|uvicorn|redeye\.stack\.(reaper|watchdog))\b")


class ProcessState(StrEnum):
    """The supervisor's states of a process that matter here."""

    RUNNING = "RUNNING"
    STARTING = "STARTING"
    FATAL = "FATAL"


@dataclass(frozen=True)
class ProcessStatus:
    """What the supervisor knows of one program: its group, its state such as BACKOFF, its pid or 0.

    `detail` is pid and uptime, or why it does not run.
    """

    name: str
    group: str
    state: str
    pid: int
    detail: str


class Supervisor:
    """The supervisor of one installation."""

    def __init__(self, configured: Settings) -> None:
        self._configured = configured
        self._pid_path = programs.pid_path(configured)

    def pid(self) -> int | None:
        """Its process id if it runs; a pid file left by a dead one counts as none."""
        try:
            pid = int(self._pid_path.read_text())
            words = psutil.Process(pid).cmdline()
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return pid if str(programs.configuration_path(self._configured)) in words else None

    def start(self, variables: Mapping[str, str]) -> None:
        """Start it with its written configuration; the database starts with it, the other servers do not.

        Every server inherits the variables as its environment.

        Raises:
            RedeyeError: if it ends or does not answer in time.
        """
        path = programs.configuration_path(self._configured)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)]
        ran = subprocess.run(
            command, env=dict(variables), capture_output=True, text=True, cwd="/", check=False
        )
        if ran.returncode != 0:
            raise RedeyeError(f"the supervisor did not start:\n{ran.stdout}{ran.stderr}")
        deadline = time.monotonic() + _START_SECONDS
        while self.pid() is None or not programs.socket_path(self._configured).exists():
            if time.monotonic() > deadline:
                raise RedeyeError(
                    f"the supervisor does not answer; see {self._configured.home}/logs/supervisor.log"
                )
            time.sleep(0.1)

    def statuses(self) -> list[ProcessStatus]:
        """Every program's status, the database first; empty if the supervisor does not run."""
        if self.pid() is None:
            return []
        rows = cast(list[dict[str, Any]], self._call("getAllProcessInfo"))
        rows.sort(key=lambda row: row["group"] != programs.DATABASE)
        return [
            ProcessStatus(row["name"], row["group"], row["statename"], row["pid"], row["description"])
            for row in rows
        ]

    def start_missing(self) -> list[str]:
        """Start every program that neither runs nor is about to; their names."""
        missing = [s for s in self.statuses() if s.state not in (ProcessState.RUNNING, ProcessState.STARTING)]
        for status in missing:
            try:
                self._call("startProcess", f"{status.group}:{status.name}", False)
            except Fault as fault:
                # Between the question and the order it may have restarted it on its own.
                if fault.faultCode != Faults.ALREADY_STARTED:
                    raise
        return [status.name for status in missing]

    def shut_down(self) -> bool:
        """End everything, servers before the database, and wait for it; whether there was anything to end.

        Raises:
            RedeyeError: if the supervisor is still there after its programs' time to stop.
        """
        pid = self.pid()
        if pid is not None:
            try:
                self._call("shutdown")
            except (OSError, HTTPException):
                os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + _STOP_SECONDS
            while self.pid() is not None:
                if time.monotonic() > deadline:
                    raise RedeyeError(f"the supervisor (pid {pid}) does not end; see its log")
                time.sleep(0.2)
        return self._end_leftovers() or pid is not None

    def _end_leftovers(self) -> bool:
        """End what a killed supervisor left behind, so that its ports and files come free."""
        found = self._leftovers()
        for process in found:
            log.warning(
                "ending %s (pid %s), left by a supervisor that was killed", process.name(), process.pid
            )
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
        _, alive = psutil.wait_procs(found, timeout=5)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=5)
        return bool(found)

    def _leftovers(self) -> list[psutil.Process]:
        # Airflow's processes overwrite their environment with a title, so it does not tell whose they are.
        folder = str(programs.working_folder(self._configured))
        found = []
        for process in psutil.process_iter():
            try:
                is_server = (
                    process.cwd() == folder and _SERVER.search(" ".join(process.cmdline())) is not None
                )
            except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            if is_server and process.pid != os.getpid():
                found.append(process)
        postmaster = self._configured.home.resolve() / "postgres" / "postmaster.pid"
        try:
            # Only its parent process is told; it ends its own children.
            process = psutil.Process(int(postmaster.read_text().splitlines()[0]))
            if process.name() == "postgres" and str(postmaster.parent) in process.cmdline():
                found.append(process)
        except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            pass
        return found

    def _call(self, method: str, *arguments: object) -> object:
        transport = SupervisorTransport(None, None, f"unix://{programs.socket_path(self._configured)}")
        with ServerProxy("http://supervisor", transport=transport) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)
