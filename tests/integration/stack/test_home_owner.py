"""A home of root's: the data is the servers' user's, and what root or a server with more rights reads stays root's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from prepared_installations import Kind, Prepared
from system_users import needs_system_users

from redeye.foundation.settings import Settings, settings
from redeye.stack import bootstrap, environment, home_owner, lifecycle
from redeye.stack.secrets import FILE_NAME
from redeye.stack.servers import system_user
from redeye.stack.servers.system_user import ADMINS, SERVERS, account

pytestmark = [pytest.mark.integration, needs_system_users]


@pytest.fixture
def configured(prepared: Prepared) -> Iterator[Settings]:
    """An installation that root made, in a folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="redeye-owner-"))
    folder.chmod(0o755)
    prepared.copy(Kind.EMPTY, folder / "home")
    made = settings().model_copy(update={"home": folder / "home"})
    bootstrap.prepare_files(made)
    yield made
    shutil.rmtree(folder)


def run_as(group: str, *words: str) -> bool:
    """Whether a command of the servers' user succeeds, in a group."""
    command = [*system_user.drop_root(SERVERS, group=group), *words]
    return subprocess.run(command, capture_output=True, cwd="/", check=False).returncode == 0


def is_read(path: Path, group: str = SERVERS) -> bool:
    return run_as(group, "cat", str(path))


def test_a_home_that_root_made_is_taken_over(configured: Settings) -> None:
    home = configured.home
    (home / "lake" / "warehouse").mkdir(exist_ok=True)
    (home / "lake" / "warehouse" / "part.parquet").write_text("rows")
    os.link(home / "lake" / "warehouse" / "part.parquet", home / "feast" / "same.parquet")
    assert not home_owner.is_given(home)
    home_owner.give(configured)
    assert home_owner.is_given(home)
    for folder in (
        home / "lake",
        home / "feast",
        configured.artifacts,
        home / "logs" / "airflow",
        home / "cache",
    ):
        for path in (folder, *folder.rglob("*")):
            assert path.lstat().st_uid == account(SERVERS).pw_uid, path
    assert run_as(SERVERS, "touch", str(home / "exports" / "new"), str(home / "anything"))


def test_passwords_are_each_servers_own(configured: Settings) -> None:
    home, passwords = configured.home, environment.airflow_passwords_file(configured)
    home_owner.give(configured)
    assert is_read(home / "run" / "pgpass" / "warehouse")
    assert not any(is_read(path, group) for path in (home / FILE_NAME,) for group in (SERVERS, ADMINS))
    for path in (passwords, environment.mlflow_login_file(configured)):
        assert is_read(path, ADMINS)
        assert not is_read(path)
    # libpq passes over a file that a group can read.
    assert {path.stat().st_mode & 0o777 for path in (home / "run" / "pgpass").iterdir()} == {0o600}


def test_the_next_command_of_roots_leaves_it_so(configured: Settings) -> None:
    home_owner.give(configured)
    owners = {path: path.lstat()[:6] for path in configured.home.rglob("*") if "postgres" not in path.parts}
    bootstrap.prepare_files(configured)
    assert {path: path.lstat()[:6] for path in owners} == owners


@pytest.mark.parametrize("name", [FILE_NAME, "run", "airflow/passwords.json", "run/pgpass/warehouse", "logs"])
def test_nothing_that_root_reads_can_be_put_aside(configured: Settings, name: str) -> None:
    home_owner.give(configured)
    for group in (SERVERS, ADMINS):
        assert not run_as(group, "mv", str(configured.home / name), str(configured.home / "aside"))
    assert not run_as(ADMINS, "touch", str(configured.home / "run" / "supervisord.conf"))


def test_no_link_is_followed(configured: Settings, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("root's")
    (configured.home / "exports" / "link").symlink_to(outside)
    home_owner.give(configured)
    # And a name for a file of root's, which the kernel may let a task make.
    os.link(outside / "secret", configured.home / "exports" / "name")
    home_owner.give(configured)
    assert {path.stat().st_uid for path in (outside, outside / "secret")} == {0}


def test_a_command_of_roots_goes_on_as_the_homes_user(configured: Settings) -> None:
    home_owner.give(configured)
    script = (
        "import os, pathlib\n"
        "from redeye.cli import shell\n"
        "from redeye.foundation.settings import settings\n"
        "shell.enter()\n"
        "print(os.getuid(), os.getgid(), os.environ['LOGNAME'])\n"
        "(settings().home / 'reports').mkdir()\n"
    )
    variables = {**os.environ, "REDEYE_HOME": str(configured.home), "LOGNAME": "alice"}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=True, cwd="/root"
    )
    assert ran.stdout.split() == [str(account(SERVERS).pw_uid), str(account(ADMINS).pw_gid), "alice"]
    assert (configured.home / "reports").stat().st_uid == account(SERVERS).pw_uid


def test_what_a_command_that_stays_root_writes_is_given_at_its_end(configured: Settings) -> None:
    home_owner.give(configured)
    script = (
        "import os\n"
        "from redeye.cli import shell\n"
        "from redeye.foundation.settings import settings\n"
        "shell.enter(writes_outside=True)\n"
        "assert os.getuid() == 0\n"
        "(settings().home / 'evidence').mkdir()\n"
        "(settings().home / 'evidence' / 'kept.json').write_text('{}')\n"
    )
    variables = {**os.environ, "REDEYE_HOME": str(configured.home)}
    subprocess.run([sys.executable, "-c", script], env=variables, check=True)
    for path in (configured.home / "evidence", configured.home / "evidence" / "kept.json"):
        assert path.stat().st_uid == account(SERVERS).pw_uid


def test_where_a_folder_is_closed_the_servers_stay_root_and_it_is_named(
    configured: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert lifecycle._choose_user(configured) == SERVERS
    closed = tmp_path / "closed"
    shutil.copytree(configured.home, closed / "home", ignore=shutil.ignore_patterns("postgres"))
    closed.chmod(0o700)
    for folder in tmp_path.parents[: len(tmp_path.parents) - 2]:
        folder.chmod(folder.stat().st_mode | 0o011)
    tmp_path.chmod(0o711)
    hidden = configured.model_copy(update={"home": closed / "home"})
    bootstrap.prepare_files(hidden)
    assert lifecycle._choose_user(hidden) == ""
    assert f"chmod o+x {closed})" in caplog.text
