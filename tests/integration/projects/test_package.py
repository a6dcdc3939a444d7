"""The wheel in an environment of its own makes and checks a project, with no checkout in reach."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from datetime import date
from pathlib import Path

import pytest
from made_projects import make_project, take_seed

from redeye.foundation.settings import ENGINE
from redeye.review.new_project.answers import Answers

PARTS = ("dags", "docs/guides", "ml/redeye", "ml/specs", "plugins")
FILES = ("LICENSE", "README.md", "pyproject.toml", "requirements.in", "requirements.lock", "setup.py")
PRINT = """
import json, sys, redeye
from importlib.metadata import entry_points
from redeye.foundation.engine.places import ENGINE, PROJECT_ROOT
from redeye.foundation.git import git_sha
from redeye.foundation.settings import settings
from redeye.stack.environment import environment
from redeye.stack.secrets import load_or_create
from pathlib import Path
told = environment(settings(), load_or_create(Path("home")))
(plugin,) = entry_points(group="airflow.plugins", name="redeye")
print(json.dumps({
    "engine": str(ENGINE), "project": str(PROJECT_ROOT), "version": redeye.__version__, "code": git_sha(),
    "path": sys.path, "plugin": plugin.value, "environment": told,
}))
"""


@pytest.fixture(scope="module")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an environment with the wheel; its dependencies are those of this one."""
    place = tmp_path_factory.mktemp("package")
    for name in (*PARTS, *FILES):
        (place / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ENGINE / name).is_dir() else shutil.copy
        copy(ENGINE / name, place / "copy" / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    made = [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", str(place), str(place / "copy")]
    subprocess.run(made, check=True)
    shutil.rmtree(place / "copy")
    venv.create(place / "env", symlinks=True)
    (packages,) = (place / "env" / "lib").glob("python*/site-packages")
    (packages / "locked.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    python = str(place / "env" / "bin" / "python")
    (wheel,) = place.glob("redeye-*.whl")
    subprocess.run([*pip[:3], "--python", python, "install", "--quiet", *offline, str(wheel)], check=True)
    return place / "env" / "bin"


def call(binaries: Path, folder: Path, *words: str) -> str:
    own = {key: value for key, value in os.environ.items() if not key.startswith(("REDEYE_", "PYTHON"))}
    own |= {"PATH": f"{binaries}:{os.defpath}", "COLUMNS": "200", "HOME": str(folder)}
    done = subprocess.run(words, cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that the package wrote."""
    place = tmp_path_factory.mktemp("elsewhere")
    made = make_project(place / "sample", take_seed(), first=date(2026, 1, 1), nights=70)
    answers = Answers.model_validate(made.answers).model_dump(mode="json", exclude_none=True)
    answers["data"] = str(place / "sample" / str(made.answers["data"]))
    (place / "answers.yaml").write_text(json.dumps(answers), encoding="utf-8")
    call(binaries, place, "redeye", "new", "project", "own", "--answers", "answers.yaml")
    return place / "own"


def test_a_project_that_the_package_wrote_keeps_every_rule(binaries: Path, folder: Path) -> None:
    assert "keeps the house rules" in call(binaries, folder, "redeye", "check")
    assert "redeye check " in (folder / "README.md").read_text(encoding="utf-8")


def test_nothing_of_it_is_read_from_a_checkout(binaries: Path, folder: Path) -> None:
    found = json.loads(call(binaries, folder, "python", "-c", PRINT))
    assert found["project"] == found["environment"]["REDEYE_PROJECT"] == str(folder.resolve())
    assert found["code"].startswith(f"redeye-{found['version']}-")
    assert found["plugin"] == "redeye_airflow.plugin:RedeyePlugin"
    assert "PYTHONPATH" not in {key for key, value in found["environment"].items() if value}
    assert str(ENGINE) not in {str(Path(each)) for each in found["path"]}
    assert str(ENGINE / "ml") not in found["path"]
    engine = Path(found["engine"])
    assert sorted(path.name for path in (engine / "dags").glob("*.py")) == sorted(
        path.name for path in (ENGINE / "dags").glob("*.py")
    )
    assert not [*engine.glob("*.py")]
    for name in ("requirements.lock", "docs/guides/runbook.md", "ml/specs/project.json"):
        assert (engine / name).read_bytes() == (ENGINE / name).read_bytes()


def test_every_file_of_the_engine_is_in_the_package(binaries: Path) -> None:
    (packages,) = binaries.parent.glob("lib/python*/site-packages")
    for root, name in (("ml", "redeye"), ("plugins", "redeye_airflow")):
        files = subprocess.run(
            ["git", "ls-files", "--", f"{root}/{name}"],
            cwd=ENGINE,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert [each for each in files if not (packages / Path(each).relative_to(root)).is_file()] == []
