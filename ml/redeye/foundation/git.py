"""Which code is running: the git commit, for the lineage of releases, runs and predictions."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from pathlib import Path

from redeye.foundation.settings import CHECKOUT, PROJECT_ROOT


def run_git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run git on a checkout, whoever owns it."""
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, check=False)


@lru_cache(maxsize=1)
def git_sha() -> str:
    """The commit of the project's checkout, else of the engine's, with `-dirty` if files differ from it.

    Returns:
        `REDEYE_GIT_SHA` if it is set; `unknown` for an installation without git.
    """
    if reported := os.environ.get("REDEYE_GIT_SHA"):
        return reported
    folders = (PROJECT_ROOT, *PROJECT_ROOT.parents, CHECKOUT)
    root = next((each for each in folders if (each / ".git").exists()), None)
    if root is None:
        return "unknown"

    def git(*words: str) -> str:
        return run_git(root, *words).stdout.decode().strip()

    sha = git("rev-parse", "HEAD") or "unknown"
    return f"{sha}-dirty" if git("status", "--porcelain", "--untracked-files=no") else sha
