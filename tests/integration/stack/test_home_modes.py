"""Other users of the machine: Postgres' own passes through the home to its folder, everybody else stays outside."""

from __future__ import annotations

import pwd
import shutil
import subprocess
from pathlib import Path

import pytest
from prepared_installations import Kind, Prepared

from redeye.foundation.settings import settings
from redeye.stack import bootstrap
from redeye.stack.servers import system_user

pytestmark = pytest.mark.integration


def read_as(user: str, folder: Path) -> set[str]:
    """What of a folder a user can list or read, whatever it lies in."""
    found = pwd.getpwnam(user)
    words = ["setpriv", f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups"]
    if user == system_user.POSTGRES:
        words = system_user.drop_root(user)
    # The paths are given, as a folder that may be passed and not listed hides nothing of a known name.
    paths = "\n".join(str(path) for path in [folder, *folder.rglob("*")])
    script = 'while read -r p; do [ -r "$p" ] && echo "$p"; done; true'
    ran = subprocess.run(
        [*words, "sh", "-c", script], input=paths, capture_output=True, text=True, check=True, cwd="/"
    )
    return {str(Path(line).relative_to(folder)) for line in ran.stdout.splitlines()}


@pytest.fixture
def home(prepared: Prepared, tmp_path: Path) -> Path:
    """An installation as it was made before, open to all, after its next command."""
    home = tmp_path / "home"
    prepared.copy(Kind.EMPTY, home)
    for path in home.rglob("*"):
        if "postgres" not in path.parts and path.is_dir():
            path.chmod(0o755)
    home.chmod(0o711)
    (home / "logs" / "scheduler.log").write_text("told", encoding="utf-8")
    (home / "logs" / "scheduler.log").chmod(0o644)
    configured = settings().model_copy(update={"home": home})
    bootstrap.prepare_files(configured)
    return home


def test_the_home_is_its_owners(home: Path) -> None:
    assert home.stat().st_mode & 0o067 == 0
    assert (home / "secrets.env").stat().st_mode & 0o077 == 0
    assert {path.name for path in home.iterdir() if path.is_dir() and path.stat().st_mode & 0o077} == set()


@pytest.mark.skipif(
    not system_user.is_root() or shutil.which("setpriv") is None, reason="only root can act as other users"
)
def test_others_read_nothing_and_postgres_its_own_folder_alone(home: Path) -> None:
    for folder in [home, *home.parents][:-1]:
        if folder not in (home, Path("/tmp")):
            folder.chmod(folder.stat().st_mode | 0o011)
    assert read_as("nobody", home) == set()
    own = {name for name in read_as(system_user.POSTGRES, home) if name.split("/")[0] != "postgres"}
    assert own == set()
    assert "postgres/PG_VERSION" in read_as(system_user.POSTGRES, home)
