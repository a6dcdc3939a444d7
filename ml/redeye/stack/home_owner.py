"""Whose the home is. Where root starts the stack, the data is the servers' user's, and what root reads stays root's.

An ordinary user owns all of it and runs everything: then nothing keeps a task from what that user can read.

In a home of root's, two folders are never the servers': what root or a server with more rights reads at its start lies
there, so that no task can put something of its own in its place. The home itself is sticky for the same reason.
"""

from __future__ import annotations

import getpass
import os
import stat
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from redeye.foundation.engine.places import CODE, ENGINE, PROJECT_ROOT
from redeye.foundation.settings import Settings
from redeye.foundation.signing import public_keys
from redeye.stack.servers import system_user
from redeye.stack.servers.system_user import ADMINS, SERVERS, account

CACHE = "cache"
"""Folder in the home that is the HOME of the servers' user, with what can be made again."""
POSTGRES = "postgres"
"""Folder of the embedded Postgres in the home, which its own system user may own."""
# Of root's, by name: its mode where the servers have a user of their own, who passes through or lists it by his group.
_ROOTS = {"run": 0o710, "logs": 0o750, "airflow": 0o750, "mlflow": 0o750}
_GIVEN_HOME = 0o1770


def is_given(home: Path) -> bool:
    """Whether the servers of a home of root's have run as their own user."""
    run = home / "run"
    return system_user.is_root() and run.exists() and run.stat().st_gid == account(SERVERS).pw_gid


def close(home: Path) -> None:
    """Leave the home to its owner; where root is that, the stack's system users pass through to what is theirs."""
    if is_given(home):
        return
    if system_user.is_root():
        os.chown(home, -1, account(SERVERS).pw_gid)
    home.chmod(0o710 if system_user.is_root() else 0o700)
    for path in home.iterdir():
        # Whoever made it, and with what mode: what lies in a folder needs none of its own.
        if path.name != POSTGRES and not path.is_symlink() and (path.is_dir() or path.is_file()):
            path.chmod(0o700 if path.is_dir() else 0o600)


@lru_cache
def find_obstacle(home: Path) -> Path | None:
    """What is closed to the servers' user that his servers need; None if root can let them run as him."""
    script = 'cd "$0" && test -x "$2" && exec "$1" -c "import redeye.stack, supervisor"'
    words = [
        *system_user.drop_root(SERVERS),
        "sh",
        "-c",
        script,
        str(home),
        sys.executable,
        str(PROJECT_ROOT),
    ]
    variables = os.environ | {"PYTHONPATH": str(CODE)}
    if subprocess.run(words, capture_output=True, cwd="/", env=variables, check=False).returncode == 0:
        return None
    needed = (home.parent, ENGINE, PROJECT_ROOT, Path(sys.prefix), Path(sys.executable).resolve().parent)
    ways = [way for path in needed for way in reversed([path, *path.parents])]
    return next((way for way in ways if not way.stat().st_mode & 0o001), ENGINE)


def describe_shared_user(home: Path) -> str:
    """Why tasks run as a user who can read every secret, and what changes that; empty if they do not."""
    if not system_user.is_root():
        return (
            "servers and tasks run as one user, who can read every secret: started by root, or in containers, they do "
            "not (docs/reference/security.md)"
        )
    if (obstacle := find_obstacle(home)) is None:
        return "" if is_given(home) else "servers and tasks run as root until the stack is started again"
    return (
        f"servers and tasks run as root, who can read every secret: {obstacle} is closed to their own user "
        f"{SERVERS}. Open it (chmod o+x {obstacle}), or put the checkout and REDEYE_HOME where every user may enter, "
        "and start the stack again"
    )


def give(configured: Settings) -> None:
    """Let root's home be the servers' user's, but for what root or a server with more rights reads.

    What root has made meanwhile is given, too. No link is followed, and a file of several names, which may be
    another folder's, is given the first time alone: before any task has run as that user.
    """
    home, is_first = configured.home.resolve(), not is_given(configured.home.resolve())
    gid = account(SERVERS).pw_gid
    for folder in (home / CACHE, home / "logs" / "airflow"):
        folder.mkdir(exist_ok=True)
    # Rehearsals are homes of their own, that root alone uses.
    mine = {POSTGRES, "rehearsals", *_ROOTS}
    data = [path for path in home.iterdir() if path.name not in mine and stat.S_ISDIR(path.lstat().st_mode)]
    for folder in (*data, home / "logs" / "airflow", configured.artifacts):
        _give_folder(folder, is_first=is_first)
    anchors = home / configured.anchors_file
    if anchors.parent == home and anchors.exists():
        _give_entry(str(anchors), None, is_first=is_first)
    for name, mode in _ROOTS.items():
        _open(home / name, mode, gid)
    share_secrets(home)
    _open(home, _GIVEN_HOME, gid)


def share_secrets(home: Path) -> None:
    """Let the servers of root's home read the passwords that are theirs, and those that tasks run as no admin's."""
    servers, admins = account(SERVERS).pw_gid, account(ADMINS).pw_gid
    _open(home / "run" / "pgpass", 0o710, servers)
    for path in (home / "run" / "pgpass").iterdir():
        system_user.own(path, SERVERS)
    # Airflow opens the file of its passwords for writing, too, and writes nothing.
    files = {"airflow/airflow.cfg": (0o640, servers), "airflow/passwords.json": (0o660, admins)}
    files |= {"mlflow/login.ini": (0o640, admins), public_keys.FILE_NAME: (0o640, servers)}
    for name, (mode, gid) in files.items():
        if (home / name).exists():
            _open(home / name, mode, gid)


def leave_root(configured: Settings) -> None:
    """Go on as the servers' user, if root calls and the home is that user's: what is written is his.

    In the group of those who may know the admin's secrets, so that no task reads this process.
    """
    home = configured.home.resolve()
    if not is_given(home) or find_obstacle(home) is not None:
        return
    user, admins = account(SERVERS), account(ADMINS)
    # Who acts is who called.
    os.environ.setdefault("LOGNAME", getpass.getuser())
    os.environ["HOME"] = str(home / CACHE)
    os.setgroups([user.pw_gid])
    os.setgid(admins.pw_gid)
    os.setuid(user.pw_uid)


def _open(path: Path, mode: int, gid: int) -> None:
    if not path.is_symlink():
        os.chown(path, 0, gid)
        path.chmod(mode)


def _give_folder(folder: Path, *, is_first: bool) -> None:
    for _, folders, files, at in os.fwalk(folder, follow_symlinks=False):
        for name in (".", *folders, *files):
            with suppress(FileNotFoundError):  # Files come and go while a server runs.
                _give_entry(name, at, is_first=is_first)


def _give_entry(name: str, at: int | None, *, is_first: bool) -> None:
    user, found = account(SERVERS), os.stat(name, dir_fd=at, follow_symlinks=False)
    is_single = is_first or stat.S_ISDIR(found.st_mode) or found.st_nlink == 1
    if found.st_uid == 0 and is_single:
        os.chown(name, user.pw_uid, user.pw_gid, dir_fd=at, follow_symlinks=False)
