"""Where lineage goes, and that it never costs a build."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from redeye.foundation import openlineage
from redeye.foundation.settings import Settings, settings


def test_events_go_to_a_file_until_a_collector_is_named(tmp_path: Path):
    assert openlineage.transport(Settings(home=tmp_path)) == {
        "type": "file",
        "log_file_path": str(tmp_path / "lineage" / "events.ndjson"),
        "append": True,
    }
    named = openlineage.transport(Settings(home=tmp_path, lineage_url="http://collector:5000"))
    assert (named["type"], named["url"]) == ("http", "http://collector:5000")


def test_without_a_task_that_builds_nothing_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(openlineage.PARENT, raising=False)
    assert openlineage.emit_dbt() == 0


def test_what_cannot_be_said_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path))
    monkeypatch.setenv(
        openlineage.PARENT, "redeye/build_warehouse.transform/01935d7a-1111-7111-8111-111111111111"
    )
    settings.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert openlineage.emit_dbt() == 0  # dbt left nothing to read
    settings.cache_clear()
    assert "could not be sent" in caplog.text
