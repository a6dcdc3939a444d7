"""Trouble reaches a mail and a webhook server of this machine, once each, with its section of the runbook."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pandas as pd
import pytest
from aiosmtpd.controller import Controller

from redeye.champions import promotion_store
from redeye.declarations.calendar import cutoff
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import Settings, settings
from redeye.operations import apprise_alerts as telling
from redeye.scoring import outputs_store
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources import delivery_store
from redeye.stack import alert_loop
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

NIGHT = date(2013, 4, 4)
NOW = cutoff(NIGHT) + timedelta(hours=2)
MINUTE = timedelta(minutes=1)
FAILED = {
    "dag_id": "score_flight_delay",
    "dag_run_id": "scheduled__1",
    "task_id": "export_predictions",
    "map_index": -1,
    "try_number": 3,
    "end_date": "2013-04-05T08:00:00Z",
}


class Hook(BaseHTTPRequestHandler):
    """Takes webhooks, and says what Airflow's API would of its failed tasks."""

    posted: ClassVar[list[dict[str, Any]]] = []
    is_down: ClassVar[bool] = False

    def do_GET(self) -> None:
        self._say(200, {"task_instances": [FAILED]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/auth/token":
            self._say(201, {"access_token": "x"})
        elif Hook.is_down:
            self._say(500, {})
        else:
            Hook.posted.append(json.loads(body))
            self._say(200, {})

    def _say(self, status: int, said: dict[str, Any]) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


class Mailbox:
    """Keeps what is delivered."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.titles: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  aiosmtpd's
        mail = message_from_bytes(envelope.content, policy=policy.default)
        part = mail.get_body(preferencelist=("plain", "html"))
        self.texts.append(part.get_content() if part else "")
        self.titles.append(str(mail["subject"]))
        return "250 OK"


@contextmanager
def webhook() -> Iterator[int]:
    """A server on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def told(stack_env: Any, spare: int) -> Iterator[tuple[Settings, Mailbox]]:
    """An installation in trouble, whose alerts go to both servers."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=spare)
    controller.start()
    before = dict(os.environ)
    with webhook() as port:
        os.environ["REDEYE_AIRFLOW_PORT"] = str(port)
        os.environ["REDEYE_DISK_BUDGET_GB"] = "0.001"
        os.environ["REDEYE_ALERT_URLS"] = (
            f"json://user:hidden@127.0.0.1:{port}/hook "
            f"mailto://127.0.0.1:{spare}?from=redeye@localhost.example&to=ops@localhost.example"
        )
        settings.cache_clear()
        _trouble()
        yield settings(), mailbox
    controller.stop()
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()


@pytest.fixture(scope="module")
def spare() -> int:
    """A port for mail."""
    from throwaway import find_port

    return find_port()


def _trouble() -> None:
    """A champion, a verdict, a refused audit; no release and no predictions of the night that is due."""
    promotion_store.promote(
        "flight_delay", version=1, algorithm="heuristic", feature_service="flight_delay_v1",
        artifact_uri="nowhere", artifact_sha256="0" * 64, decided_night=NIGHT - timedelta(days=3),
        effective_night=NIGHT - timedelta(days=2), reason="first champion", evidence={}, actor="test",
        run_id="test", follows=None, last_scored_night=outputs_store.find_last_scored_night,
)  # fmt: skip
    _refuse(NIGHT, snapshot=7)
    delivery_store.record_gap(NIGHT - timedelta(days=1), reason="refused", recorded_by="test")
    night = NIGHT - timedelta(days=1)
    row = {"verdict": "watch", "reasons": "the week drifted", "release_id": "none", "model": "flight_delay"}
    frame = pd.DataFrame(
        [{**row, "lane": "live", "night": night, "run_id": "test", "created_at": pd.Timestamp(night)}]
    )
    outputs_store.write_once({"verdicts": frame}, model="flight_delay", night=night, run_id="test")


def _refuse(night: date, *, snapshot: int) -> None:
    failure = {
        "suite": "releases/x",
        "expectation": "sane",
        "column": None,
        "observed": f"12 rows {snapshot}",
    }
    release_store.record_audit(
        night, snapshot_id=snapshot, is_success=False, detail={"suites": [{"failures": [failure]}]}
    )


def sweep(configured: Settings, now: datetime) -> int:
    """One look; how many messages went out."""
    reader = OutputsReader()
    try:
        return len(alert_loop.sweep(configured, reader, now=now))
    finally:
        reader.close()


def test_each_trouble_reaches_both_once_and_not_ten_times(told: tuple[Settings, Mailbox]) -> None:
    configured, mailbox = told
    sent = [sweep(configured, NOW + minute * MINUTE) for minute in range(10)]
    assert sent == [2, *[0] * 9]
    assert len(Hook.posted) == len(mailbox.texts) == 1
    assert "Redeye: task failed (1), audit refused (1)" in mailbox.titles[0]
    for text in (Hook.posted[0]["message"], mailbox.texts[0]):
        assert "export_predictions failed" in text
        assert "12 rows 7" in text
        assert "2013-04-04 has no release" in text
        assert "flight_delay has no predictions" in text
        assert "the verdict is warning" in text
        assert "of the disk budget" in text
        for section in ("task-failed", "audit-refused", "release-late", "verdict", "disk-budget"):
            assert f"/redeye/runbook#{section}" in text


def test_what_comes_up_soon_after_waits_and_is_told_alone(told: tuple[Settings, Mailbox]) -> None:
    configured, mailbox = told
    _refuse(NIGHT, snapshot=8)
    assert sweep(configured, NOW + 14 * MINUTE) == 0
    assert sweep(configured, NOW + 15 * MINUTE) == 2
    assert "12 rows 8" in mailbox.texts[-1]
    assert "12 rows 7" not in mailbox.texts[-1]
    assert "export_predictions" not in mailbox.texts[-1]


def test_an_address_that_is_down_gets_it_later_and_the_other_not_again(
    told: tuple[Settings, Mailbox],
) -> None:
    configured, mailbox = told
    mails, hooks = len(mailbox.texts), len(Hook.posted)
    _refuse(NIGHT, snapshot=9)
    Hook.is_down = True
    assert sweep(configured, NOW + 40 * MINUTE) == 1
    assert sweep(configured, NOW + 41 * MINUTE) == 0
    Hook.is_down = False
    assert sweep(configured, NOW + 90 * MINUTE) == 1
    assert (len(mailbox.texts), len(Hook.posted)) == (mails + 1, hooks + 1)
    assert "12 rows 9" in Hook.posted[-1]["message"]


def test_the_ledger_says_what_was_told_without_passwords(told: tuple[Settings, Mailbox]) -> None:
    rows = telling.history(limit=100)
    assert {row["is_delivered"] for row in rows} == {True, False}
    assert "hidden" not in str(rows)
    assert len({(row["target"], row["text"]) for row in rows if row["text"]}) == sum(
        row["text"] is not None for row in rows
    )


def test_what_is_over_is_told_to_whom_it_was_told(told: tuple[Settings, Mailbox]) -> None:
    configured, mailbox = told
    verdict = {"verdict": "ok", "reasons": "within every bound", "causes": "", "is_challenge_due": False}
    row = {**verdict, "release_id": "none", "model": "flight_delay", "lane": "live", "night": NIGHT}
    frame = pd.DataFrame([{**row, "run_id": "test", "created_at": pd.Timestamp(NIGHT)}])
    outputs_store.write_once({"verdicts": frame}, model="flight_delay", night=NIGHT, run_id="test")
    sent = [sweep(configured, NOW + timedelta(hours=hours)) for hours in (5, 6)]
    assert sent == [2, 0]
    for text in (Hook.posted[-1]["message"], mailbox.texts[-1]):
        assert "Over: flight_delay had verdict warning as a reason" in text
        assert "the week drifted" not in text


def test_an_address_that_nobody_understands_is_refused_without_its_secrets() -> None:
    with pytest.raises(ConfigError, match="address 1") as refused:
        telling.targets("nonsense://user:hidden@host")
    assert "hidden" not in str(refused.value)
