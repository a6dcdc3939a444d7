"""Where the engine and the project of this process lie: the engine in a checkout, or installed as a package."""

from __future__ import annotations

import os
from pathlib import Path

CODE = Path(__file__).resolve().parents[3]
"""Folder that Python imports the engine from."""
_PACKED = CODE / "redeye" / "installed"
IS_INSTALLED = _PACKED.is_dir()
"""Whether the engine is an installed package, and no checkout with a project of its own."""
ENGINE = _PACKED if IS_INSTALLED else CODE.parent
"""Folder of the engine's DAG files, schemas, lock and runbook: the checkout, or what a package holds of it."""
PROJECT_FILE = "redeye.yaml"


def _find_project() -> Path:
    """The folder that is named; else the checkout, or for a package the project that this process is started in."""
    if named := os.environ.get("REDEYE_PROJECT"):
        return Path(named).resolve()
    if not IS_INSTALLED:
        return ENGINE
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / PROJECT_FILE).is_file()), here)


PROJECT_ROOT = _find_project()
"""Folder of the project that this process runs: `redeye.yaml`, dbt, features, expectations, specs."""
