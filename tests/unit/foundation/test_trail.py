"""Where the heads of the trail are kept, and what comes of it where they cannot be."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from pytest_httpserver import HTTPServer

from redeye.foundation import trail
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings

HEAD = (7, "ab" * 32)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path))
    monkeypatch.setattr(trail, "read_rows", lambda *_: [HEAD])
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def test_each_head_is_added_to_the_file_and_read_again(home: Path) -> None:
    trail.write_anchors("release 2013-04-01.r1")
    trail.write_anchors("release 2013-04-02.r1")
    found = trail.read_anchors(home / "anchors.ndjson")
    assert [(each.database, each.entry, each.hash) for each in found] == [
        ("warehouse", *HEAD),
        ("outputs", *HEAD),
    ] * 2
    assert found[-1].because == "release 2013-04-02.r1"


def test_a_head_is_posted_as_the_file_has_it(
    home: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/log", method="POST").respond_with_data("", status=201)
    monkeypatch.setenv("REDEYE_ANCHORS_URL", httpserver.url_for("/log"))
    settings.cache_clear()
    trail.write_anchors("a promotion")
    posted = [request.get_json() for request, _ in httpserver.log]
    assert posted == [json.loads(line) for line in (home / "anchors.ndjson").read_text().splitlines()]


def test_a_sink_that_is_away_is_told_and_stops_nothing(
    home: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/log").respond_with_data("", status=500)
    monkeypatch.setenv("REDEYE_ANCHORS_URL", httpserver.url_for("/log").replace("://", "://me:canary@"))
    monkeypatch.setenv("REDEYE_ANCHORS_FILE", str(home))
    settings.cache_clear()
    with caplog.at_level(logging.WARNING):
        trail.write_anchors("a release")
    assert caplog.text.count("was not posted") == 2
    assert caplog.text.count("was not written to") == 2
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "error", [psycopg2.OperationalError("gone password=canary"), ConfigError("no DSN is set")]
)
def test_a_head_that_cannot_be_read_is_told_and_undoes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(trail, "read_rows", fail)
    with caplog.at_level(logging.WARNING):
        trail.write_anchors("a release")
    assert caplog.text.count("was not read") == 2
    assert "canary" not in caplog.text
    assert not (home / "anchors.ndjson").exists()


@pytest.mark.parametrize("line", ["{", "[]", '{"database": "warehouse"}'])
def test_a_line_that_is_no_anchor_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "anchors.ndjson"
    path.write_text(f"\n{line}\n".lstrip(), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"anchors\.ndjson, line 1 is no anchor of a trail"):
        trail.read_anchors(path)
    assert trail.read_anchors(tmp_path / "absent.ndjson") == []
