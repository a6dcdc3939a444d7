"""What the supervisor runs, and its configuration: one program for each server of the embedded stack."""

from __future__ import annotations

import hashlib
import os
import pwd
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from redeye.foundation.settings import Settings
from redeye.stack import environment
from redeye.stack.servers import system_user, watchdog
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

DATABASE = "postgres"
SERVERS = "servers"
REAPER = "reaper"
WATCHDOG = "watchdog"
WORKER = "worker"
SIGNER = "signer"
# A worker that is told to stop lets its tasks end first. After this they are killed, and tried again later.
CELERY_STOP_SECONDS = 60
_LOG_BYTES = "10MB"
_LOG_BACKUPS = 3
# A Unix socket's path holds 107 bytes, and supervisord appends its pid while it makes it.
_LONGEST_SOCKET_PATH = 95


@dataclass(frozen=True)
class Program:
    """A server that the supervisor keeps running in the foreground.

    It is asked for a clean end by the stop signal, and killed with its children after the stop seconds.

    Where root starts the stack it runs as the system user, if one is named, with no capability.
    """

    name: str
    command: Sequence[str]
    user: str = ""
    stop_signal: str = "TERM"
    stop_seconds: int = 20

    def section(self, logs: Path, folder: Path, *, starts_at_once: bool) -> str:
        """The program's section of the supervisor's configuration; it runs in `folder`."""
        is_database = self.name == DATABASE
        dropping = system_user.drop_root(self.user) if self.user and system_user.is_root() else []
        options = {
            "command": shlex.join([*dropping, *self.command]),
            "directory": folder,
            "autostart": str(starts_at_once).lower(),
            "autorestart": "true",
            "startsecs": 1 if is_database else 5,
            "startretries": 10,
            "stopsignal": self.stop_signal,
            "stopwaitsecs": self.stop_seconds,
            # Postgres ends its own children, in order, and a worker lets its tasks end; others' are told with them.
            "stopasgroup": str(self.name not in (DATABASE, WORKER)).lower(),
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": log_path(logs, self.name),
            "stdout_logfile_maxbytes": _LOG_BYTES,
            "stdout_logfile_backups": _LOG_BACKUPS,
        }
        return _section(f"program:{self.name}", options)


def programs(configured: Settings, postgres: EmbeddedPostgres) -> tuple[Program, ...]:
    """Every server of the stack; the database comes first."""
    airflow = [sys.executable, "-m", "airflow"]
    mlflow = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    mlflow += ["--host", configured.host, "--port", str(configured.mlflow_port)]
    # The store's URL comes by environment: arguments are seen by every user of the machine.
    mlflow += ["--artifacts-destination", configured.artifacts_root, "--app-name", "basic-auth"]
    # Airflow's own log servers would listen on every address, so one that does not stands in for both.
    log_server = [sys.executable, "-m", "uvicorn", "airflow.utils.serve_logs.log_server:get_app", "--factory"]
    log_server += ["--host", configured.host, "--port", str(configured.airflow_log_port), "--no-access-log"]
    every = [
        Program(DATABASE, postgres.command(), stop_signal="INT", stop_seconds=30),
        Program("api-server", [*airflow, "api-server"]),
        Program("scheduler", [*airflow, "scheduler", "--skip-serve-logs"]),
        Program("dag-processor", [*airflow, "dag-processor"]),
        Program("triggerer", [*airflow, "triggerer", "--skip-serve-logs"]),
        Program("log-server", log_server),
        # It drops root itself, once it has read what only root may.
        Program(SIGNER, [sys.executable, "-m", "redeye.stack.servers.signer"]),
    ]
    if configured.executor == "CeleryExecutor":
        every.append(Program(WORKER, celery_worker(configured), stop_seconds=CELERY_STOP_SECONDS))
    if not configured.mlflow_server_elsewhere:
        every.append(Program("mlflow", mlflow))
    if configured.alert_urls.get_secret_value():
        # The addresses come by environment: they hold passwords.
        every.append(Program("alerts", [sys.executable, "-m", "redeye.stack.alert_loop"]))
    if configured.metrics_port:
        at = [configured.host, str(configured.metrics_port)]
        every.append(Program("metrics", [sys.executable, "-m", "redeye.stack.metrics_server", *at]))
    if configured.api_port:
        every.append(Program("api", [sys.executable, "-m", "redeye", "serve"]))
    return tuple(every)


def celery_worker(configured: Settings) -> list[str]:
    """The command of one Celery worker; its tasks' logs are served by the log server."""
    worker = [sys.executable, "-m", "airflow", "celery", "worker", "--skip-serve-logs"]
    # Nobody listens to what workers tell each other; it costs connections to the broker.
    worker += ["--without-gossip", "--without-mingle"]
    return [*worker, "--concurrency", str(configured.celery_concurrency)]


def configuration(configured: Settings, every: Sequence[Program]) -> str:
    """The supervisor's configuration. It holds no secret: those are inherited through the environment."""
    home = configured.home.resolve()
    logs = home / "logs"
    socket = socket_path(configured)
    parts = [
        _section("unix_http_server", {"file": socket, "chmod": "0600"}),
        _section(
            "supervisord",
            {
                "logfile": log_path(logs, "supervisor"),
                "logfile_maxbytes": _LOG_BYTES,
                "logfile_backups": _LOG_BACKUPS,
                "pidfile": pid_path(configured),
                "childlogdir": logs,
                "user": pwd.getpwuid(os.geteuid()).pw_name,
            },
        ),
        _section(
            "rpcinterface:supervisor",
            {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
        ),
        _section("supervisorctl", {"serverurl": f"unix://{socket}"}),
    ]
    parts.append(_listener(logs, REAPER, "PROCESS_STATE_EXITED"))
    bound = (environment.airflow_url(configured), f"{watchdog.BOUND_SECONDS:.0f}")
    parts.append(_listener(logs, WATCHDOG, "TICK_60", *bound))
    parts += [
        program.section(logs, working_folder(configured), starts_at_once=program.name == DATABASE)
        for program in every
    ]
    # The members of one group stop together, and groups stop one after another: the database last.
    servers = ",".join(program.name for program in every if program.name != DATABASE)
    parts += [
        _section(f"group:{DATABASE}", {"programs": DATABASE, "priority": 10}),
        _section(f"group:{SERVERS}", {"programs": servers, "priority": 20}),
    ]
    return "\n".join(parts)


def _listener(logs: Path, name: str, events: str, *arguments: str) -> str:
    options = {
        "command": shlex.join([sys.executable, "-m", f"redeye.stack.servers.{name}", *arguments]),
        "events": events,
        "autorestart": "true",
        # Its output is the supervisor's protocol; a log of it would get a name of its own at each start.
        "stdout_logfile": "NONE",
        "stderr_logfile": log_path(logs, name),
        "stderr_logfile_maxbytes": _LOG_BYTES,
        "stderr_logfile_backups": _LOG_BACKUPS,
    }
    return _section(f"eventlistener:{name}", options)


def log_path(logs: Path, name: str) -> Path:
    """The log of a program."""
    return logs / f"{name}.log"


def working_folder(configured: Settings) -> Path:
    """The folder that every server but Postgres runs in."""
    return configured.home.resolve() / "run"


def pid_path(configured: Settings) -> Path:
    """Where the supervisor records its process id."""
    return working_folder(configured) / "supervisord.pid"


def configuration_path(configured: Settings) -> Path:
    """Where the supervisor's configuration is written."""
    return working_folder(configured) / "supervisord.conf"


def socket_path(configured: Settings) -> Path:
    """The supervisor's control socket: in the home, or in the temporary folder if that path is too long."""
    wanted = working_folder(configured) / "supervisor.sock"
    if len(os.fsencode(wanted)) <= _LONGEST_SOCKET_PATH:
        return wanted
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"redeye-{os.geteuid()}-{digest}.sock"


def _section(title: str, options: Mapping[str, object]) -> str:
    # A percent sign starts an expansion.
    lines = [f"{name}={str(value).replace('%', '%%')}" for name, value in options.items()]
    return "\n".join([f"[{title}]", *lines, ""])
