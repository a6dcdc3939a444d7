"""Metrics where a collector finds them: Redeye's by scraping, Airflow's by OTLP."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina
from prometheus_client.parser import text_string_to_metric_families
from pytest_httpserver import HTTPServer
from waiting import PATIENCE_SECONDS
from werkzeug import Response

from redeye.foundation.settings import PROJECT_ROOT, Settings, settings
from redeye.stack import bootstrap, environment

pytestmark = pytest.mark.integration

DASHBOARD = PROJECT_ROOT / "docker" / "grafana" / "redeye.json"


@pytest.mark.usefixtures("stack_env")
def test_an_empty_installation_answers_a_scrape(spare_port: int) -> None:
    command = [sys.executable, "-m", "redeye.stack.metrics_server", "127.0.0.1", str(spare_port)]
    server = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT / "ml")})
    try:
        for attempt in stamina.retry_context(on=httpx.TransportError, timeout=PATIENCE_SECONDS, wait_max=1):
            with attempt:
                answer = httpx.get(f"http://127.0.0.1:{spare_port}/metrics", timeout=PATIENCE_SECONDS)
    finally:
        server.terminate()
        ended = server.wait(timeout=PATIENCE_SECONDS)
    answer.raise_for_status()
    found = {family.name: family.samples for family in text_string_to_metric_families(answer.text)}
    (budget,) = found["redeye_disk_budget_bytes"]
    assert budget.value == settings().disk_budget_gb * 1e9
    parts = {sample.labels["part"]: sample.value for sample in found["redeye_disk_bytes"]}
    assert sum(parts.values()) > 0
    assert ended == 0


def test_airflow_pushes_to_the_collector_that_is_named(httpserver: HTTPServer, tmp_path: Path) -> None:
    received: list[Any] = []

    def take(request: Any) -> Response:
        received.append((request.path, request.content_type, request.get_data()))
        return Response("", status=200)

    httpserver.expect_request("/v1/metrics", method="POST").respond_with_handler(take)
    configured = Settings(home=tmp_path, otlp_url=httpserver.url_for("").rstrip("/"))
    known = environment.environment(configured, bootstrap.prepare_files(configured))
    say = "from airflow.sdk.observability.stats import Stats; Stats.incr('redeye_probe')"
    done = subprocess.run(
        [sys.executable, "-c", say],
        env=os.environ | known,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert received, done.stderr[-2000:]
    assert any(b"redeye_probe" in body for _, _, body in received)


def test_the_dashboard_draws_what_there_is() -> None:
    from redeye.operations import collect_metrics

    told = Path(collect_metrics.__file__).read_text(encoding="utf-8")
    drawn = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in drawn["panels"] for target in panel.get("targets", [])]
    names = {word for expr in asked for word in _names(expr)}
    assert len(names) > 10
    assert not [name for name in names if f'"{name.removeprefix("redeye_")}"' not in told]


def _names(expression: str) -> set[str]:
    """The metrics of Redeye that a PromQL expression asks for."""
    return set(re.findall(r"\bredeye_\w+", expression))
