"""A container's health: an answer by exit status, never an error that means something else."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from redeye.stack import health_check


class Answers(BaseHTTPRequestHandler):
    """Well at `/well`, 503 elsewhere."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/well" else 503)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_server_is_healthy_when_it_answers_well(address, spare_port):
    assert health_check.main(["http", f"{address}/well"]) == 0
    assert health_check.main(["http", f"{address}/ill"]) == 1
    assert health_check.main(["http", f"http://127.0.0.1:{spare_port}/"]) == 1


def test_a_worker_that_is_not_there_is_not_healthy(monkeypatch):
    monkeypatch.setenv("AIRFLOW__CELERY__BROKER_URL", "memory://")
    monkeypatch.setattr(health_check, "_TIMEOUT_SECONDS", 0.2)
    assert health_check.main(["worker"]) == 1


def test_what_works_in_rounds_is_healthy_while_it_leaves_its_mark(tmp_path):
    mark = tmp_path / "beat"
    assert health_check.main(["fresh", str(mark)]) == 1
    mark.touch()
    assert health_check.main(["fresh", str(mark)]) == 0
    os.utime(mark, (0, 0))
    assert health_check.main(["fresh", str(mark)]) == 1
