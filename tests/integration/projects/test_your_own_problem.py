"""The page on one's own problem, executed as it is written, from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from redeye.foundation.settings import CHECKOUT
from redeye.review.new_project.answers import Answers

PAGE = (CHECKOUT / "docs" / "tutorials" / "your-own-problem.md").read_text(encoding="utf-8")
LEFT_OUT = "~/redeye/redeye run"


def find_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def run(command: str, folder: Path, *, is_python: bool = False) -> str:
    own = {key: value for key, value in os.environ.items() if not key.startswith("REDEYE_")}
    own |= {"PYTHONPATH": str(CHECKOUT / "ml"), "COLUMNS": "200"}
    if (folder / "redeye.yaml").exists():
        own["REDEYE_PROJECT"] = str(folder)
    line = command.replace("~/redeye/redeye", f"{sys.executable} -m redeye")
    words = [sys.executable, "-c", command] if is_python else ["bash", "-c", line]
    done = subprocess.run(words, cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_makes_a_project_that_keeps_every_rule(tmp_path: Path) -> None:
    pytest.importorskip("vega_datasets")
    (python,), (answers,) = find_blocks("python"), find_blocks("yaml")
    run(python, tmp_path, is_python=True)
    (tmp_path / "warm" / "answers.yaml").write_text(answers, encoding="utf-8")
    folder, printed = tmp_path, ""
    for line in "".join(find_blocks("console")).splitlines():
        if line == f"$ {LEFT_OUT}":
            continue
        if line.startswith("$ cd "):
            folder = folder / line.removeprefix("$ cd ")
        elif line.startswith("$ "):
            printed = run(line.removeprefix("$ "), folder)
        else:
            assert line in printed
    spec = (tmp_path / "warm" / "models" / "hour_mild.yaml").read_text(encoding="utf-8")
    assert "maximum_auc: 1.0 " in spec


def test_the_page_explains_every_answer() -> None:
    table = PAGE.partition("## What is asked")[2]
    assert {name for name in Answers.model_fields if f"`{name}`" not in table} == set()
