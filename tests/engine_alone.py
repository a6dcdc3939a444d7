"""Runs a story of a project in a process of its own, by an engine that lies alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from redeye.foundation.settings import ENGINE


def run_apart(story: Path, folder: Path, place: Path, words: Iterable[object]) -> dict[str, Any]:
    """What a story told: it gets a home, the words, and the file for its result in `place`."""
    # The engine alone: nothing of the project that it comes with.
    engine = place / "engine"
    shutil.copytree(
        ENGINE / "ml" / "redeye", engine / "ml" / "redeye", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ENGINE / "requirements.lock", engine)
    own = {key: value for key, value in os.environ.items() if not key.startswith("REDEYE_")}
    own |= {
        "REDEYE_PROJECT": str(folder),
        "PYTHONPATH": os.pathsep.join(map(str, (engine / "ml", ENGINE / "tests"))),
    }
    given = [str(place / "home"), *map(str, words), str(place / "result.json")]
    done = subprocess.run(
        [sys.executable, str(story), *given], env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads((place / "result.json").read_text(encoding="utf-8")))
