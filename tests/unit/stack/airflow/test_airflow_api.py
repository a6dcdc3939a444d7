"""Calls of Airflow's API that must neither lose a night nor do one twice."""

from __future__ import annotations

import json
from datetime import date, datetime

import httpx
import pytest

from redeye.foundation.errors import RedeyeError
from redeye.stack.airflow.airflow_api import AirflowApi, Run, RunState


class FakeAirflow:
    """Answers by (method, path) and keeps what was sent."""

    def __init__(self, answers):
        self.answers = answers
        self.sent = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v2")
        body = json.loads(request.content) if request.content else dict(request.url.params)
        self.sent.append((request.method, path, body))
        answer = self.answers.get((request.method, path))
        return httpx.Response(404, json={}) if answer is None else httpx.Response(200, json=answer)

    def bodies(self, method, path):
        return [body for m, p, body in self.sent if (m, p) == (method, path)]


def api(fake):
    return AirflowApi(httpx.Client(base_url="http://airflow.test", transport=httpx.MockTransport(fake)))


def row(night: str, state="success"):
    begin = f"{night}T07:00:00Z"
    return {"dag_id": "d", "dag_run_id": f"r_{night}", "state": state, "data_interval_start": begin}


def planned(*begins):
    return {"backfills": [{"logical_date": begin} for begin in begins]}


def test_a_backfill_reaches_the_start_of_its_last_night_over_the_change_of_clocks():
    begins = ("2013-03-09T08:00:00Z", "2013-03-10T07:00:00Z", "2013-03-11T07:00:00Z")
    fake = FakeAirflow(
        {
            ("GET", "/dags/d/dagRuns"): {"dag_runs": []},
            ("POST", "/backfills/dry_run"): planned(*begins),
            ("POST", "/backfills"): {},
        }
    )
    assert api(fake).create_backfill("d", date(2013, 3, 9), date(2013, 3, 11)) == 3
    (body,) = fake.bodies("POST", "/backfills")
    assert datetime.fromisoformat(body["from_date"]) == datetime.fromisoformat(begins[0])
    assert datetime.fromisoformat(body["to_date"]) == datetime.fromisoformat(begins[-1])


def test_a_backfill_that_would_lose_a_night_is_not_made():
    fake = FakeAirflow(
        {
            ("GET", "/dags/d/dagRuns"): {"dag_runs": []},
            ("POST", "/backfills/dry_run"): planned("2013-04-01T07:00:00Z"),
        }
    )
    with pytest.raises(
        RedeyeError, match=r"2013-04-01 to 2013-04-01 \(1 nights\) instead of 2013-04-01 to 2013-04-02"
    ):
        api(fake).create_backfill("d", date(2013, 4, 1), date(2013, 4, 2))
    assert fake.bodies("POST", "/backfills") == []


def test_nights_that_succeeded_are_left_out():
    fake = FakeAirflow(
        {
            ("GET", "/dags/d/dagRuns"): {"dag_runs": [row("2013-04-01")]},
            ("POST", "/backfills/dry_run"): planned("2013-04-02T07:00:00Z"),
            ("POST", "/backfills"): {},
        }
    )
    assert api(fake).create_backfill("d", date(2013, 4, 1), date(2013, 4, 2)) == 1
    assert fake.bodies("POST", "/backfills")[0]["from_date"].startswith("2013-04-02")


@pytest.mark.parametrize("state", ["success", "running", "queued"])
def test_nothing_is_asked_for_when_all_nights_succeeded_or_are_under_way(state):
    fake = FakeAirflow({("GET", "/dags/d/dagRuns"): {"dag_runs": [row("2013-04-01", state)]}})
    assert api(fake).create_backfill("d", date(2013, 4, 1), date(2013, 4, 1)) == 0
    assert {method for method, _, _ in fake.sent} == {"GET"}


@pytest.mark.parametrize("state", ["success", "running", "queued"])
def test_a_named_run_is_not_started_twice(state):
    fake = FakeAirflow({("GET", "/dags/d/dagRuns/mine"): row("2013-04-01", state)})
    assert api(fake).trigger("d", {}, run_id="mine").state == state
    assert {method for method, _, _ in fake.sent} == {"GET"}


def test_a_named_run_that_failed_runs_its_failed_tasks_again():
    fake = FakeAirflow(
        {
            ("GET", "/dags/d/dagRuns/mine"): row("2013-04-01", "failed"),
            ("GET", "/dags/d/dagRuns/r_2013-04-01"): row("2013-04-01", "queued"),
            ("POST", "/dags/d/dagRuns/mine/clear"): {},
        }
    )
    assert api(fake).trigger("d", {}, run_id="mine").state == RunState.QUEUED
    assert fake.bodies("POST", "/dags/d/dagRuns/mine/clear") == [{"dry_run": False, "only_failed": True}]


def test_a_failure_names_task_and_night_and_shows_the_log():
    run = Run("d", "r", RunState.FAILED, date(2013, 4, 1))
    tasks = {
        "task_instances": [{"task_id": "transform", "state": "failed", "try_number": 2, "map_index": -1}]
    }
    log = {
        "content": [
            {"event": "boom", "error_detail": [{"exc_type": "AuditRefused", "exc_value": "too few rows"}]}
        ]
    }
    fake = FakeAirflow(
        {
            ("GET", "/dags/d/dagRuns/r/taskInstances"): tasks,
            ("GET", "/dags/d/dagRuns/r/taskInstances/transform/logs/2"): log,
        }
    )
    with pytest.raises(
        RedeyeError, match=r"(?s)night 2013-04-01 in its task transform:.*boom.*AuditRefused: too few"
    ):
        api(fake).wait(lambda: [run], 1, lambda runs, now: None)


@pytest.mark.parametrize(
    ("conf", "dated"),
    [
        ({"night": "2013-03-09"}, "2013-03-10T07:00:00+00:00"),
        ({"first": "2012-12-31", "last": "2013-03-31"}, "2013-04-01T07:00:00+00:00"),
        ({}, None),
        ({"night": "2999-01-01"}, None),
    ],
)
def test_a_run_by_hand_is_dated_at_the_end_of_its_night_if_that_is_over(conf, dated):
    fake = FakeAirflow({("POST", "/dags/d/dagRuns"): row("2013-03-09", "queued")})
    api(fake).trigger("d", conf, run_id="r")
    (body,) = fake.bodies("POST", "/dags/d/dagRuns")
    assert body.get("run_after") == dated


def test_runs_of_more_nights_than_a_page_holds_are_all_found():
    nights = [f"2013-{month:02d}-{day:02d}" for month in range(1, 10) for day in range(1, 29)]

    def hand_out(request: httpx.Request) -> httpx.Response:
        begin, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        # Whatever is asked for, Airflow hands out no more than a hundred.
        rows = [row(night) for night in nights[begin : begin + min(limit, 100)]]
        return httpx.Response(200, json={"dag_runs": rows})

    client = httpx.Client(base_url="http://airflow.test", transport=httpx.MockTransport(hand_out))
    found = AirflowApi(client).night_runs("d", date(2013, 1, 1), date(2013, 9, 28))
    assert [run.run_id for run in found] == [f"r_{night}" for night in nights]


def test_what_runs_take_is_the_median_of_the_last_ones_that_ended_well():
    rows = [
        {"start_date": f"2013-04-0{day}T07:00:00Z", "end_date": f"2013-04-0{day}T07:{minutes:02}:00Z"}
        for day, minutes in enumerate([1, 9, 2], start=1)
    ]
    rows.append({"start_date": None, "end_date": None})
    fake = FakeAirflow({("GET", "/dags/d/dagRuns"): {"dag_runs": rows}})
    assert api(fake).measure_seconds("d") == 120.0
    (asked,) = fake.bodies("GET", "/dags/d/dagRuns")
    assert (asked["state"], asked["order_by"]) == ("success", "-start_date")
    none = FakeAirflow({("GET", "/dags/d/dagRuns"): {"dag_runs": []}})
    assert api(none).measure_seconds("d") is None
