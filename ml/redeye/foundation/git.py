"""Which code is running: the git commit, for the lineage of releases, runs and predictions."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from pathlib import Path

from redeye.foundation.engine.identity import identify_engine
from redeye.foundation.engine.places import ENGINE, PROJECT_ROOT


def run_git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run git on a checkout, whoever owns it."""
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, check=False)


@lru_cache(maxsize=1)
def git_sha() -> str:
    """The commit of the engine's checkout, with `-dirty` if files differ from it; never empty.

    Where the project is kept elsewhere, its own commit stands before the engine's, with a blank between. An engine
    without git says its version and the hash of its code.

    Returns:
        `REDEYE_GIT_SHA` if it is set.
    """
    if reported := os.environ.get("REDEYE_GIT_SHA"):
        return reported
    root = ENGINE if (ENGINE / ".git").exists() else None
    own = next((each for each in (PROJECT_ROOT, *PROJECT_ROOT.parents) if (each / ".git").exists()), None)
    engine = (root and _describe_commit(root)) or identify_engine()
    project = _describe_commit(own) if own and own != root else ""
    return " ".join(filter(None, (project, engine)))


def tell_code(recorded: str) -> str:
    """How a person gets the code that `git_sha` has recorded."""
    is_commit = recorded.isalnum() and recorded != "unknown"
    return f"`git checkout {recorded}`" if is_commit else f"code `{recorded}`"


def _describe_commit(root: Path) -> str:
    """Empty where git has no commit, or is not there."""

    def git(*words: str) -> str:
        return run_git(root, *words).stdout.decode().strip()

    sha = git("rev-parse", "--verify", "--quiet", "HEAD")
    return f"{sha}-dirty" if sha and git("status", "--porcelain", "--untracked-files=no") else sha
