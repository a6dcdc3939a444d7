"""Vulnerabilities of locked packages are found by pip-audit; a waiver lets one through until its day."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from redeye.foundation.errors import ConfigError
from redeye.review.audit_packages import LOCKS, WAIVERS, audit_packages

TODAY = date(2026, 2, 1)
FAULT = {
    "id": "GHSA-0000-0000-0001",
    "summary": "it falls over",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "lark"}, "versions": ["1.3.1"]}],
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with two small locks, and no waiver."""
    for name, package in zip(LOCKS, ("webcolors==25.10.0", "lark==1.3.1"), strict=True):
        (tmp_path / name).write_text(f"{package} --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    (tmp_path / WAIVERS).write_text("", encoding="utf-8")
    return tmp_path


@pytest.fixture
def service(httpserver: HTTPServer) -> list[str]:
    """Options that lead to a service which knows one vulnerability."""

    def answer(request: Request) -> Response:
        name = request.get_json(force=True)["package"]["name"]
        return Response(json.dumps({"vulns": [FAULT]} if name == "lark" else {}), mimetype="application/json")

    httpserver.expect_request("/").respond_with_handler(answer)
    return [
        "--vulnerability-service",
        "osv",
        "--osv-url",
        httpserver.url_for("/"),
        "--progress-spinner",
        "off",
    ]


def test_what_is_known_of_a_locked_package_is_told(
    checkout: Path, service: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert not audit_packages(service, today=TODAY, root=checkout)
    assert "GHSA-0000-0000-0001" in capfd.readouterr().out


def test_what_is_waived_is_let_through_until_its_day(checkout: Path, service: list[str]) -> None:
    waiver = "GHSA-0000-0000-0001 since 2026-01-01 until 2026-02-01: nothing parses with it\n"
    (checkout / WAIVERS).write_text(waiver, encoding="utf-8")
    assert audit_packages(service, today=TODAY, root=checkout)
    with pytest.raises(ConfigError, match="line 1: the waiver of GHSA-0000-0000-0001 ended on 2026-02-01"):
        audit_packages(service, today=date(2026, 2, 2), root=checkout)


def test_a_service_that_does_not_answer_lets_nothing_through(checkout: Path, service: list[str]) -> None:
    away = [*service[:3], "http://127.0.0.1:9/", *service[4:]]
    assert not audit_packages(away, today=TODAY, root=checkout)
