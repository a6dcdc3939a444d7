"""A branch is looked at where the project lies in it: at its top, or in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.foundation.errors import ConfigError
from redeye.foundation.git import run_git
from redeye.review.reports.compare_branches import _check_out


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One with a project at the top and one in a folder, which the branch `before` does not have."""
    author = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    (tmp_path / "redeye.yaml").write_text("project: top\n", encoding="utf-8")
    for words in (
        ("init", "-b", "main"),
        ("add", "."),
        (*author, "commit", "-m", "top"),
        ("branch", "before"),
    ):
        assert run_git(tmp_path, *words).returncode == 0
    (tmp_path / "projects" / "orders").mkdir(parents=True)
    (tmp_path / "projects" / "orders" / "redeye.yaml").write_text("project: orders\n", encoding="utf-8")
    for words in (("add", "."), (*author, "commit", "-m", "orders")):
        assert run_git(tmp_path, *words).returncode == 0
    return tmp_path


@pytest.mark.parametrize(("folder", "name"), [(".", "top"), ("projects/orders", "orders")])
def test_the_project_of_the_folder_is_looked_at(repository: Path, folder: str, name: str) -> None:
    with _check_out("main", repository / folder) as found:
        assert (found / "redeye.yaml").read_text(encoding="utf-8") == f"project: {name}\n"
        assert not found.is_relative_to(repository)
    assert not found.exists()


def test_a_branch_without_the_folder_is_refused_and_leaves_no_worktree(repository: Path) -> None:
    with pytest.raises(ConfigError, match="'before' has no folder projects/orders/"):
        with _check_out("before", repository / "projects" / "orders"):
            pass
    assert len(run_git(repository, "worktree", "list").stdout.splitlines()) == 1
