"""A project may lie in any folder, which `REDEYE_PROJECT` names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from redeye.foundation.settings import ENGINE

PRINT = """
import json
from redeye.foundation import settings
from redeye.declarations.project import PROJECT_FILE
from redeye.warehouse.dbt import PROJECT
from redeye.features.feast_registry import REPO
from redeye.audits.contract_files import EXPECTATIONS_ROOT
from redeye.stack.environment import PROJECT_ROOT
places = [settings.SPECS, settings.settings().home, PROJECT_FILE, PROJECT, REPO, EXPECTATIONS_ROOT, PROJECT_ROOT]
print(json.dumps([str(each) for each in places]))
"""


def find_places(**variables: str) -> list[Path]:
    own = {key: value for key, value in os.environ.items() if not key.startswith("REDEYE_")}
    own |= {"PYTHONPATH": str(ENGINE / "ml"), **variables}
    done = subprocess.run([sys.executable, "-c", PRINT], env=own, capture_output=True, text=True, check=True)
    return [Path(each) for each in json.loads(done.stdout)]


def test_everything_that_a_project_declares_is_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    parts = ["models", ".redeye", "redeye.yaml", "dbt", "feature_repo", "expectations", "."]
    assert find_places(REDEYE_PROJECT=str(tmp_path)) == [(tmp_path / part).resolve() for part in parts]


def test_the_project_of_the_checkout_is_run_where_none_is_named() -> None:
    specs, home, *_, root = find_places()
    assert (specs, home, root) == (ENGINE / "ml" / "specs", ENGINE / ".redeye", ENGINE)
