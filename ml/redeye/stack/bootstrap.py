"""Make an installation ready to run, again and again with the same result: secrets, databases, migrations."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from redeye.foundation.atomic_files import replace_file
from redeye.foundation.errors import RedeyeError
from redeye.foundation.masking import mask
from redeye.foundation.settings import SHIFT_FILE, Settings
from redeye.foundation.signing.signing_keys import prepare_key
from redeye.stack import databases, environment, home_owner
from redeye.stack.passfiles import write_passfiles
from redeye.stack.secrets import Secrets, load_or_create
from redeye.stack.servers import mlflow_login, mlflow_tables, signer, system_user
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

log = logging.getLogger(__name__)

Step = Callable[[str], None]
"""Called with the name of each step that is about to start."""


def server(configured: Settings, secrets: Secrets) -> EmbeddedPostgres:
    """The embedded Postgres of this installation; not started."""
    return EmbeddedPostgres(
        data_dir=configured.home.resolve() / home_owner.POSTGRES,
        port=configured.postgres_port,
        password=secrets.postgres_password,
        host=configured.host,
    )


def prepare_files(configured: Settings) -> Secrets:
    """Make the folders, the secrets and the files that processes read at their start."""
    home = configured.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    made = [
        configured.landing,
        configured.lake,
        configured.artifacts,
        configured.data_docs,
        configured.exports,
    ]
    # OpenLineage's file transport makes no folder.
    made += [
        configured.online_store.parent,
        *(home / name for name in ("logs", "run", "lineage", home_owner.CACHE)),
    ]
    for folder in made:
        if isinstance(folder, Path):  # An object store has no folders, and its buckets are not ours to make.
            folder.mkdir(parents=True, exist_ok=True)
    home_owner.close(home)
    shift_path = home / SHIFT_FILE
    if configured.shift_weeks and not shift_path.exists():
        # What the environment of one shell said, every later one shall find.
        shift_path.write_text(f"{configured.shift_weeks}\n", encoding="utf-8")
    secrets = load_or_create(home)
    write_passfiles(configured, secrets)
    for path in prepare_key(configured):
        system_user.own(path, signer.USER)
    passwords = {
        environment.ADMIN: secrets.airflow_admin_password,
        environment.VIEWER: secrets.airflow_viewer_password,
    }
    _write_private(environment.airflow_passwords_file(configured), json.dumps(passwords))
    login = mlflow_login.configuration(environment.mlflow_login_url(configured))
    _write_private(environment.mlflow_login_file(configured), login)
    if home_owner.is_given(home):
        home_owner.share_secrets(home)
    return secrets


def prepare_databases(
    configured: Settings,
    secrets: Secrets,
    running: EmbeddedPostgres,
    step: Step = log.info,
    *,
    with_tools: bool = True,
) -> None:
    """Create roles, databases and ledgers on a running server, and migrate what its tools keep there.

    With tools, Airflow's and MLflow's own tables are made too (some 20 seconds).

    Raises:
        RedeyeError: if a migration fails; the message carries the end of its output.
    """
    environment.export(configured, secrets)
    done_path = configured.home / "run" / "prepared.json"
    done = _read_done(done_path)
    if done.get("schema") != databases.schema_state():
        step("Creating databases and roles")
        databases.create(running, secrets)
        databases.create_ledgers(running)
        done["schema"] = databases.schema_state()
        _write_private(done_path, json.dumps(done))
    if not with_tools:
        return
    mlflow_url = os.environ["MLFLOW_TRACKING_URI"]
    migrations = {
        # One at a time: several processes initialising MLflow's tables at once crash.
        "apache-airflow": ("Migrating Airflow's database", ["airflow", "db", "migrate"], ""),
        "mlflow": ("Migrating MLflow's database", [mlflow_tables.__name__], mlflow_url),
    }
    if configured.mlflow_server_elsewhere:
        del migrations["mlflow"]
    for package, (title, command, reported) in migrations.items():
        if done.get(package) == version(package):
            continue
        step(title)
        run_module(command, reported)
        done[package] = version(package)
        _write_private(done_path, json.dumps(done))
    if not configured.mlflow_server_elsewhere:
        set_mlflow_users(configured, secrets, step)


def set_mlflow_users(configured: Settings, secrets: Secrets, step: Step = log.info) -> None:
    """Make MLflow's users, or give them new passwords, if something about them has changed.

    Raises:
        RedeyeError: if their tables cannot be made; the message carries the end of the output.
    """
    done_path = configured.home / "run" / "prepared.json"
    passwords = {
        mlflow_login.ADMIN: secrets.mlflow_admin_password,
        mlflow_login.VIEWER: secrets.mlflow_viewer_password,
    }
    url = environment.mlflow_login_url(configured)
    reported = json.dumps({"database_url": url, "passwords": passwords})
    done, state = (
        _read_done(done_path),
        hashlib.sha256(f"{version('mlflow')} {reported}".encode()).hexdigest(),
    )
    if done.get("mlflow-users") == state:
        return
    step("Setting MLflow's users")
    run_module([mlflow_login.__name__], reported)
    _write_private(done_path, json.dumps(done | {"mlflow-users": state}))


def run_module(command: list[str], reported: str = "") -> None:
    """Run a module to its end, with arguments and standard input, in this process's environment.

    Raises:
        RedeyeError: if it fails; the message carries the end of its output.
    """
    words = [sys.executable, "-m", *command]
    ran = subprocess.run(words, input=reported, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        tail = "\n".join((ran.stdout + ran.stderr).splitlines()[-30:])
        raise RedeyeError(f"`{' '.join(command)}` failed:\n{mask(tail)}")


def _read_done(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _write_private(path: Path, text: str) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    with replace_file(path) as fresh:
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
