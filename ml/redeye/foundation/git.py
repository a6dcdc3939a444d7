"""Which code is running: the git commit, for the lineage of releases, runs and predictions."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache

from redeye.foundation.settings import PROJECT_ROOT


@lru_cache(maxsize=1)
def git_sha() -> str:
    """The commit of the checkout, with `-dirty` if files differ from it; `REDEYE_GIT_SHA` where there is no git.

    Returns:
        `unknown` for an installation that has neither.
    """
    if reported := os.environ.get("REDEYE_GIT_SHA"):
        return reported
    if not (PROJECT_ROOT / ".git").exists():
        return "unknown"

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", f"safe.directory={PROJECT_ROOT}", "-C", str(PROJECT_ROOT), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    sha = git("rev-parse", "HEAD") or "unknown"
    return f"{sha}-dirty" if git("status", "--porcelain", "--untracked-files=no") else sha
