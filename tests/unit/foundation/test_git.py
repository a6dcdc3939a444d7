"""What stands in releases says which code made them, with git or without."""

from __future__ import annotations

import subprocess

import pytest

from redeye.foundation import git
from redeye.foundation.engine.identity import identify_engine


@pytest.fixture(autouse=True)
def untold(monkeypatch):
    monkeypatch.delenv("REDEYE_GIT_SHA", raising=False)


def sha(monkeypatch, engine, project) -> str:
    monkeypatch.setattr(git, "ENGINE", engine)
    monkeypatch.setattr(git, "PROJECT_ROOT", project)
    return git.git_sha.__wrapped__()


def commit(folder) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "x"], ["rev-parse", "HEAD"]):
        done = subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_checkout_with_its_project_says_one_commit(tmp_path, monkeypatch):
    own = commit(tmp_path)
    assert sha(monkeypatch, tmp_path, tmp_path) == own


def test_a_project_elsewhere_says_its_commit_and_the_engine(tmp_path, monkeypatch):
    engine, project = tmp_path / "engine", tmp_path / "project"
    engine.mkdir()
    project.mkdir()
    assert sha(monkeypatch, engine, project) == identify_engine()
    own = commit(project)
    assert sha(monkeypatch, engine, project) == f"{own} {identify_engine()}"
    its = commit(engine)
    assert sha(monkeypatch, engine, project) == f"{own} {its}"


def test_only_a_commit_is_checked_out():
    assert git.tell_code("1a2b3c") == "`git checkout 1a2b3c`"
    assert git.tell_code("redeye-0.1.0-1a2b3c") == "code `redeye-0.1.0-1a2b3c`"
