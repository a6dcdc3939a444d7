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
from redeye.stack import environment, home_owner
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

    Where root starts the stack it runs as the system user, if one is named, in that user's group or another's, with
    no capability. Of the variables that hold an admin's secrets it is told those alone that it `knows`.
    """

    name: str
    command: Sequence[str]
    user: str = ""
    group: str = ""
    knows: frozenset[str] = frozenset()
    stop_signal: str = "TERM"
    stop_seconds: int = 20

    def section(self, logs: Path, folder: Path, *, starts_at_once: bool) -> str:
        """The program's section of the supervisor's configuration; it runs in `folder`."""
        is_database = self.name == DATABASE
        options = {
            "command": shlex.join([*self._prefix(folder.parent), *self.command]),
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

    def _prefix(self, home: Path) -> list[str]:
        if self.name == DATABASE:  # Its command begins with an empty environment and drops root itself.
            return []
        hidden = sorted((environment.ADMINS_VARIABLES - self.knows) | _STARTERS_FOLDERS)
        words = ["env", *(f"--unset={name}" for name in hidden)]
        if not self.user or not system_user.is_root():
            return words
        words += [f"{name}={self.user}" for name in ("USER", "LOGNAME")]
        return [
            *words,
            f"HOME={home / home_owner.CACHE}",
            *system_user.drop_root(self.user, group=self.group),
        ]


# Folders of whoever starts the stack. Feast sets the first two where it is imported; another user cannot write there.
_STARTERS_FOLDERS = {
    *("PROMETHEUS_MULTIPROC_DIR", "PROMETHEUS_MULTIPROCESS_DIR"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"),
}
# What lets a server sign tokens of Airflow's API, read what Airflow encrypts, and ask for logs of tasks.
_FERNET, _SIGNING, _LOGS = (
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API__SECRET_KEY",
)
_API_PASSWORD = "REDEYE_AIRFLOW_API_PASSWORD"  # noqa: S105  its variable
_CLIENT = "REDEYE_OIDC_CLIENT_SECRET"
_API_SERVERS = (_FERNET, _SIGNING, _LOGS, _API_PASSWORD, _CLIENT, "REDEYE_ALERT_URLS")


def programs(configured: Settings, postgres: EmbeddedPostgres, user: str = "") -> tuple[Program, ...]:
    """Every server of the stack; the database comes first.

    Args:
        configured: says which there are, and where.
        postgres: the database.
        user: the system user that all others run as; none: as whoever starts them.
    """
    airflow = [sys.executable, "-m", "airflow"]
    mlflow = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    mlflow += ["--host", configured.host, "--port", str(configured.mlflow_port)]
    # The store's URL comes by environment: arguments are seen by every user of the machine.
    mlflow += ["--artifacts-destination", configured.artifacts_root, "--app-name", "basic-auth"]
    # Airflow's own log servers would listen on every address, so one that does not stands in for both.
    log_server = [sys.executable, "-m", "uvicorn", "airflow.utils.serve_logs.log_server:get_app", "--factory"]
    log_server += ["--host", configured.host, "--port", str(configured.airflow_log_port), "--no-access-log"]

    def tasks(name: str, command: list[str], *knows: str, stop_seconds: int = 20) -> Program:
        return Program(name, command, user, knows=frozenset(knows), stop_seconds=stop_seconds)

    def admins(name: str, command: list[str], *knows: str) -> Program:
        return Program(name, command, user, group=system_user.ADMINS if user else "", knows=frozenset(knows))

    is_local = configured.executor == "LocalExecutor"
    # Under the local executor a task is a fork of the scheduler, and knows what that knows.
    scheduler = tasks if is_local else admins
    every = [
        Program(DATABASE, postgres.command(), stop_signal="INT", stop_seconds=30),
        admins("api-server", [*airflow, "api-server"], *_API_SERVERS),
        scheduler("scheduler", [*airflow, "scheduler", "--skip-serve-logs"], _FERNET, _SIGNING),
        tasks("dag-processor", [*airflow, "dag-processor"]),
        # It plays nights through Airflow's API.
        admins("triggerer", [*airflow, "triggerer", "--skip-serve-logs"], _FERNET, _SIGNING, _API_PASSWORD),
        admins("log-server", log_server, _LOGS),
        # It drops root itself, once it has read what only root may.
        Program(SIGNER, [sys.executable, "-m", "redeye.stack.servers.signer"]),
    ]
    if not is_local:
        every.append(tasks(WORKER, celery_worker(configured), stop_seconds=CELERY_STOP_SECONDS))
    if not configured.mlflow_server_elsewhere:
        every.append(admins("mlflow", mlflow, "MLFLOW_FLASK_SERVER_SECRET_KEY", _CLIENT))
    if configured.alert_urls.get_secret_value():
        # The addresses come by environment: they hold passwords.
        command = [sys.executable, "-m", "redeye.stack.alert_loop"]
        every.append(admins("alerts", command, _API_PASSWORD, "REDEYE_ALERT_URLS"))
    if configured.metrics_port:
        at = [configured.host, str(configured.metrics_port)]
        every.append(tasks("metrics", [sys.executable, "-m", "redeye.stack.metrics_server", *at]))
    if configured.api_port:
        every.append(tasks("api", [sys.executable, "-m", "redeye", "serve"]))
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
