from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from redeye.foundation.settings import PROJECT_ROOT
from redeye.operations.logic.alerts import (
    SHOWN,
    TEXTS,
    Alert,
    AlertKind,
    make_alert,
    may_send,
    message,
    wait_after,
)

NOW = datetime(2013, 4, 5, 9, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SITE = "http://airflow.example"


def alert(kind: AlertKind, number: int = 1) -> Alert:
    return Alert(kind, f"{kind}/{number:02d}", f"trouble {number:02d}", page="/redeye/alerts")


def test_nothing_new_is_no_message() -> None:
    assert message([], site=SITE, installation="Redeye") is None


def test_alerts_of_a_kind_stand_together_with_one_link_to_the_runbook() -> None:
    told = message(
        [alert(AlertKind.VERDICT), alert(AlertKind.TASK_FAILED, 2), alert(AlertKind.TASK_FAILED)],
        site=SITE,
        installation="Redeye",
    )
    assert told is not None
    assert told.title == "Redeye: task failed (2), verdict on a model (1)"
    assert told.body.count("runbook") == 2
    assert (
        told.body.index("trouble 01") < told.body.index("trouble 02") < told.body.index("Verdict on a model")
    )
    assert f"{SITE}/redeye/runbook#task-failed" in told.body


def test_many_of_a_kind_are_counted_and_all_count_as_told() -> None:
    many = [alert(AlertKind.TASK_FAILED, number) for number in range(SHOWN + 7)]
    told = message(many, site=SITE, installation="Redeye")
    assert told is not None
    assert "and 7 more" in told.body
    assert len(told.alerts) == len(many)


@pytest.mark.parametrize(("since", "expected"), [(None, True), (QUARTER, True), (QUARTER / 2, False)])
def test_messages_keep_their_distance(since: timedelta | None, expected: bool) -> None:
    assert may_send(NOW, [(True, NOW - since)] if since else [], QUARTER) is expected


def test_a_failed_try_is_waited_for_and_the_message_before_it_too() -> None:
    tries = [(False, NOW - QUARTER), (True, NOW - 3 * QUARTER)]
    assert not may_send(NOW, tries, QUARTER)
    assert may_send(NOW + QUARTER, tries, QUARTER)
    assert not may_send(NOW, [(False, NOW - 2 * QUARTER), (True, NOW - QUARTER / 2)], QUARTER)


def test_an_address_that_fails_is_tried_less_and_less_often() -> None:
    waits = [wait_after(failures, QUARTER) for failures in range(20)]
    assert waits[0] == timedelta()
    assert waits == sorted(waits)
    assert waits[1] == 2 * QUARTER
    assert waits[-1] == timedelta(hours=4)


def test_each_kind_has_its_section_in_the_runbook() -> None:
    text = (PROJECT_ROOT / "docs" / "guides" / "runbook.md").read_text(encoding="utf-8")
    sections = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert sections == ["Setting up", *(str(kind) for kind in AlertKind)]
    for part in text.split("\n## ")[2:]:
        assert all(f"**{word}**" in part for word in ("Means", "Look at", "Do"))


def test_every_kind_has_its_words() -> None:
    assert {kind for kind, _ in TEXTS.values()} == set(AlertKind)
    alert = make_alert("task/a/b", dag_id="score_m", task_id="export", run_id="r")
    assert (alert.kind, alert.text) == (AlertKind.TASK_FAILED, "score_m: export failed in run r")
    with pytest.raises(KeyError):
        make_alert("nonsense/1")
    with pytest.raises(KeyError):
        make_alert("verdict/m", model="m")
