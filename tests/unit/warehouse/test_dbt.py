"""What dbt says reaches logs without secrets, and failures name their nodes."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from redeye.warehouse import dbt, dbt_code
from redeye.warehouse.dbt import DbtError


def test_passwords_do_not_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    said = SimpleNamespace(info=SimpleNamespace(level="error", msg="host=db password=hunter2 user=x"))
    dbt._forward(said)  # type: ignore[arg-type]
    assert caplog.messages == ["host=db password=*** user=x"]


def test_every_failing_node_is_named_with_what_it_said() -> None:
    nodes = [
        SimpleNamespace(status="success", message="", node=SimpleNamespace(unique_id="model.a")),
        SimpleNamespace(status="error", message="no such column", node=SimpleNamespace(unique_id="model.b")),
        SimpleNamespace(status="fail", message="Got 2 results", node=SimpleNamespace(unique_id="test.c")),
    ]
    result = SimpleNamespace(exception=None, success=False, result=SimpleNamespace(results=nodes))
    with pytest.raises(DbtError, match=r"model\.b: no such column\ntest\.c: Got 2 results") as error:
        dbt._check_result(result)  # type: ignore[arg-type]
    assert "model.a" not in str(error.value)


def test_a_failure_without_a_node_is_a_failure() -> None:
    result = SimpleNamespace(exception=None, success=False, result=SimpleNamespace(results=[]))
    with pytest.raises(DbtError, match="without naming a node"):
        dbt._check_result(result)  # type: ignore[arg-type]


def test_another_checkouts_project_runs_with_the_profile_of_this_one(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(dbt.PROJECT, project, ignore=shutil.ignore_patterns("profiles.yml", "target"))
    with dbt.environment("none", "none"):
        manifest = dbt.parse(tmp_path / "state", project=project)
    assert dbt_code.hash_code(manifest) == dbt.code_hash(target_dir=tmp_path / "other")
