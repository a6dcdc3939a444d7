"""The pages on one's own problem, executed as they are written, from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from redeye.foundation.settings import ENGINE
from redeye.review.new_project.answers import TAKEN, Answers

DOCS = ENGINE / "docs"
ROWS = (DOCS / "tutorials" / "your-own-problem.md").read_text(encoding="utf-8")
CUSTOMERS = (DOCS / "guides" / "predicting-customers.md").read_text(encoding="utf-8")
LEFT_OUT = "~/redeye/redeye run"


def find_blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


def run(command: str, folder: Path, *, is_python: bool = False) -> str:
    own = {key: value for key, value in os.environ.items() if not key.startswith("REDEYE_")}
    own |= {"PYTHONPATH": str(ENGINE / "ml"), "COLUMNS": "200"}
    if (folder / "redeye.yaml").exists():
        own["REDEYE_PROJECT"] = str(folder)
    line = command.replace("~/redeye/redeye", f"{sys.executable} -m redeye")
    words = [sys.executable, "-c", command] if is_python else ["bash", "-c", line]
    done = subprocess.run(words, cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def follow(page: str, root: Path, name: str) -> str:
    """Do what a page says, but for what needs the stack; what was printed."""
    (python,), (answers, *_) = find_blocks(page, "python"), find_blocks(page, "yaml")
    run(python, root, is_python=True)
    (root / name / "answers.yaml").write_text(answers, encoding="utf-8")
    folder, printed = root, ""
    for line in "".join(find_blocks(page, "console")).splitlines():
        if line == f"$ {LEFT_OUT}":
            continue
        if line.startswith("$ cd "):
            folder = folder / line.removeprefix("$ cd ")
        elif line.startswith("$ "):
            printed = run(line.removeprefix("$ "), folder)
        else:
            assert line in printed
    return printed


def test_the_page_makes_a_project_that_keeps_every_rule(tmp_path: Path) -> None:
    pytest.importorskip("vega_datasets")
    follow(ROWS, tmp_path, "warm")
    spec = (tmp_path / "warm" / "models" / "hour_mild.yaml").read_text(encoding="utf-8")
    assert "maximum_auc: 1.0 " in spec


def test_the_guide_makes_a_project_of_customers_that_is_described(tmp_path: Path) -> None:
    said = " ".join(follow(CUSTOMERS, tmp_path, "shop").split())
    assert "what rows of events say of the 7 days from the first midnight that is not before it on" in said
    assert "night 2026-01-01 of those from 2026-01-03 at 00:00 on" in said
    assert "It is final 9 nights after it, at the cutoff of 2026-01-10" in said
    spec = (tmp_path / "shop" / "models" / "customer_spending.yaml").read_text(encoding="utf-8")
    assert "label_maturity_nights: 9\n" in spec


def test_the_pages_explain_every_answer() -> None:
    tables = ROWS.partition("## What is asked")[2] + CUSTOMERS.partition("## The answers")[2]
    assert {name for name in Answers.model_fields if f"`{name}`" not in tables} == set()
    words = {word.strip("`") for row in CUSTOMERS.splitlines() for word in re.findall(r"`\w+`", row)}
    assert set(TAKEN) <= words
