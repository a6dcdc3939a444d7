"""The code that a branch leaves from: its files at the merge base, in a folder of their own."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from redeye.foundation.errors import ConfigError
from redeye.foundation.git import run_git
from redeye.foundation.settings import PROJECT_ROOT, SPECS

SPECS_FOLDER = SPECS.relative_to(PROJECT_ROOT)
PARTS = ("dbt", SPECS_FOLDER.as_posix(), "feature_repo")


@dataclass(frozen=True)
class Base:
    """Code at a commit, in a folder."""

    sha: str
    folder: Path

    @property
    def project(self) -> Path:
        """The dbt project."""
        return self.folder / "dbt"

    @property
    def specs(self) -> Path:
        """The models' specs."""
        return self.folder / SPECS_FOLDER


def write_base(branch: str, folder: Path, *, root: Path = PROJECT_ROOT) -> Base:
    """Write the declarations at the merge base of HEAD and a branch, or a commit, into a new or empty folder.

    Raises:
        ConfigError: if there is no such branch, or no git.
    """
    sha = _git(root, "merge-base", "HEAD", branch).decode().strip()
    # A ZIP, since tarfile learnt only in Python 3.11.4 to keep what it unpacks inside the folder.
    content = _git(root, "archive", "--format=zip", sha, *PARTS)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return Base(sha, folder)


def is_changed(part: str, base: Base, *, root: Path = PROJECT_ROOT) -> bool:
    """Whether a working tree's folder has other files than at the merge base, new ones included."""
    others = _git(root, "ls-files", "--others", "--exclude-standard", part)
    return bool(others or _git(root, "diff", "--name-only", base.sha, "--", part))


def _git(root: Path, *words: str) -> bytes:
    done = run_git(root, *words)
    if done.returncode != 0:
        raise ConfigError(
            f"`git {' '.join(words[:3])}` failed: {done.stderr.decode().strip()}. What is changed is told from the "
            "merge base with a branch: name one that is there with --base"
        )
    return done.stdout
