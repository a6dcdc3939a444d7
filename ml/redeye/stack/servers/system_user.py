"""How servers drop root: where root starts the stack, each runs as a system user.

Postgres refuses to run as root. A clone below a folder that only root may enter (`/root`, mode 0700) hides its
binaries and data from its user. Then that process keeps one capability, to pass and read folders, and nothing else
of root. No other server may: with that capability it could read every secret.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from redeye.foundation.errors import ConfigError

POSTGRES = "redeye-postgres"
SERVERS = "redeye"
"""Airflow's and MLflow's servers, the tasks, and what commands of root's do to the data."""
ADMINS = "redeye-admin"
"""Whose group those of the servers are in that may know an admin's secrets: tasks, of another, cannot read them."""

# Writes for real: coreutils' `test -w` does not see capabilities.
_WRITES = 'mkdir "$0/.probe" && rmdir "$0/.probe"'
# No privilege where none is needed; then passing folders; then installs made under umask 077, too.
_CAPABILITIES: tuple[tuple[str, ...], ...] = ((), ("dac_read_search",), ("dac_read_search", "dac_override"))


def is_root() -> bool:
    """Whether this process runs as root."""
    return os.geteuid() == 0


@lru_cache
def account(name: str) -> pwd.struct_passwd:
    """A system user's account, created with a group of its own on first use.

    Raises:
        ConfigError: if it does not exist and cannot be created.
    """
    try:
        return pwd.getpwnam(name)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise ConfigError(
            f"servers do not run as root, and there is no `useradd` to make the user {name}: "
            "run as an ordinary user, or create that user first"
        )
    command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(name)
    except KeyError as error:
        raise ConfigError(f"could not create the system user {name}: {made.stderr.strip()}") from error


def own(path: Path, name: str) -> None:
    """Give `path` to a system user when running as root; otherwise leave it to the present user."""
    if is_root():
        os.chown(path, account(name).pw_uid, account(name).pw_gid)


def drop_root(name: str, *, group: str = "", capabilities: Sequence[str] = ()) -> list[str]:
    """The words before a command that make root run it as a system user.

    Its groups are the user's own, or another one in its place, and the one that passes through the home.

    Args:
        name: of the user.
        group: of another user, in place of the user's own.
        capabilities: what it keeps of root, as `setpriv` names them.

    Raises:
        ConfigError: if there is no `setpriv`.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ConfigError(
            "servers do not run as root and `setpriv` (util-linux) is missing: run as another user"
        )
    passing = account(SERVERS).pw_gid
    words = [setpriv, f"--reuid={account(name).pw_uid}", f"--regid={account(group or name).pw_gid}"]
    granted = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    words += [f"--groups={passing}", f"--inh-caps={granted}", f"--ambient-caps={granted}"]
    return [*words, f"--bounding-set={granted}"]


def run_postgres_as(binary: Path, data_dir: Path) -> list[str]:
    """The words before a Postgres command that make it run as its system user; none for ordinary users.

    Args:
        binary: the server's program, which that user must be able to execute.
        data_dir: an existing folder, which that user must be able to write.

    Raises:
        ConfigError: if no way works; the message names the folder in the way and the setting to change.
    """
    if not is_root():
        return []
    for capabilities in _CAPABILITIES:
        words = drop_root(POSTGRES, capabilities=capabilities)
        if _works(words, [str(binary), "--version"]) and _works(words, ["sh", "-c", _WRITES, str(data_dir)]):
            return words
    blocked = next(
        (p for p in reversed([data_dir, *data_dir.parents]) if not p.stat().st_mode & 0o001), data_dir
    )
    raise ConfigError(
        f"the system user {POSTGRES}, as which Postgres runs, cannot reach {data_dir}: "
        f"{blocked} is closed to it; open that folder (chmod o+x), "
        f"set REDEYE_HOME to one that is open, or run as an ordinary user"
    )


def _works(words: Sequence[str], command: Sequence[str]) -> bool:
    # From "/" so that a working directory closed to the user does not decide.
    return subprocess.run([*words, *command], capture_output=True, cwd="/", check=False).returncode == 0
