"""A throw-away installation that can be brought back to where it was, and processes that work in it.

A night can be built once only. So that the same night can be measured several times, the catalogs and
ledgers are copied with their server stopped, and put back: the lakes' files are never changed in place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import throwaway

from redeye.foundation.errors import RedeyeError
from redeye.foundation.settings import settings
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

CHILD = Path(__file__).with_name("child.py")


@dataclass
class Installation:
    """A home with its own Postgres, whose environment this process has."""

    home: Path
    postgres: EmbeddedPostgres

    def checkpoint(self, name: str) -> None:
        """Keep the state of catalogs and ledgers under a name."""
        self.postgres.stop()
        shutil.rmtree(self._copy(name), ignore_errors=True)
        _copy_tree(self.postgres.data_dir, self._copy(name))
        self.postgres.start()

    def back_to(self, name: str) -> None:
        """Put the state of that name back."""
        self.postgres.stop()
        shutil.rmtree(self.postgres.data_dir)
        _copy_tree(self._copy(name), self.postgres.data_dir)
        self.postgres.start()

    def run(self, function: str, **arguments: Any) -> Any:
        """Run `module:function` of this folder in a process of its own, and hand on its JSON.

        Raises:
            RedeyeError: if it fails; the message carries the end of its output.
        """
        words = [sys.executable, str(CHILD), function, json.dumps(arguments, default=str)]
        ran = subprocess.run(words, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            tail = "\n".join((ran.stdout + ran.stderr).splitlines()[-40:])
            raise RedeyeError(f"{function} failed:\n{tail}")
        return json.loads(ran.stdout.splitlines()[-1])

    def _copy(self, name: str) -> Path:
        return self.home / f"postgres.{name}"


@contextmanager
def installation(home: Path) -> Iterator[Installation]:
    """Roles, databases, lakes and ledgers, all in an empty folder, whatever the environment says of others."""
    before = dict(os.environ)
    for name in [each for each in os.environ if each.startswith("REDEYE_")]:
        del os.environ[name]
    try:
        with throwaway.installation(home) as stack:
            yield Installation(home, stack.postgres)
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


def postmaster() -> int:
    """The pid of the installation's Postgres, for whoever measures what it used."""
    return int((settings().home.resolve() / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def _copy_tree(source: Path, target: Path) -> None:
    # The server's files belong to its own system user.
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
