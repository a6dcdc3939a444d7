"""A scheduler that stopped beating is started again; one that beats, or has just begun, is left alone."""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime, timedelta
from xmlrpc.client import Fault

import pytest

from redeye.stack.servers import watchdog

NOW = 1_800_000_000.0
BOUND = 180.0


class Supervised:
    """A scheduler that has run for a given time, and what was asked of its supervisor."""

    def __init__(self, ran_seconds=3600.0, state="RUNNING", stops=True):
        self.info = {"statename": state, "start": NOW - ran_seconds, "pid": 7}
        self.stops, self.asked = stops, []

    def getProcessInfo(self, name):  # noqa: N802
        assert name == "servers:scheduler"
        return self.info

    def stopProcess(self, name):  # noqa: N802
        self.asked.append(("stop", name))
        if not self.stops:
            raise Fault(70, "NOT_RUNNING")
        return True

    def startProcess(self, name, wait):  # noqa: N802
        self.asked.append(("start", name))
        return True


def looked(supervised, beat_seconds_ago):
    last = None
    if beat_seconds_ago is not None:
        last = datetime.fromtimestamp(NOW, UTC) - timedelta(seconds=beat_seconds_ago)
    return watchdog.check(lambda: last, supervised, clock=lambda: NOW, bound_seconds=BOUND)


def test_a_hanging_scheduler_is_started_again_and_the_log_says_why(caplog):
    supervised = Supervised()
    with caplog.at_level(logging.WARNING):
        assert looked(supervised, BOUND + 1)
    assert supervised.asked == [("stop", "servers:scheduler"), ("start", "servers:scheduler")]
    assert "has not beaten for 181 s" in caplog.text
    assert "pid 7" in caplog.text


@pytest.mark.parametrize("beat_seconds_ago", [0, BOUND, None])
def test_one_that_beats_or_cannot_be_asked_is_left_alone(beat_seconds_ago):
    supervised = Supervised()
    assert not looked(supervised, beat_seconds_ago)
    assert supervised.asked == []


def test_a_new_scheduler_has_time_to_start():
    supervised = Supervised(ran_seconds=BOUND)
    assert not looked(supervised, 9999)
    assert supervised.asked == []


@pytest.mark.parametrize("state", ["STOPPED", "STARTING", "BACKOFF", "FATAL"])
def test_one_that_does_not_run_is_the_supervisors_affair(state):
    supervised = Supervised(state=state)
    assert not looked(supervised, 9999)
    assert supervised.asked == []


def test_one_that_ended_meanwhile_is_started_all_the_same():
    supervised = Supervised(stops=False)
    assert looked(supervised, 9999)
    assert supervised.asked[-1] == ("start", "servers:scheduler")


def test_airflow_that_does_not_answer_says_nothing(spare_port):
    assert watchdog.scheduler_heartbeat(f"http://127.0.0.1:{spare_port}") is None


def test_an_error_does_not_end_the_listener():
    payload = "when:1201063880"
    event = f"ver:3.0 eventname:TICK_60 len:{len(payload)}\n{payload}"
    answers = io.StringIO()

    def look():
        raise Fault(1, "UNKNOWN_METHOD")

    watchdog.serve(io.StringIO(event * 2), answers, look)
    assert answers.getvalue().count("RESULT 2\nOK") == 2
