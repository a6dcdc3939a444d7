"""What is shown of a first run: what is missing, and what it is expected to take."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from redeye.stack.airflow import first_run
from redeye.stack.airflow.airflow_api import AirflowApi

FIRST, LAST = date(2013, 4, 1), date(2013, 4, 3)
NIGHTS = ("2013-04-01", "2013-04-02", "2013-04-03")
BOTH = ("score_x", "monitor_x")
TIMES = {"start_date": "2013-04-01T07:00:00Z", "end_date": "2013-04-01T07:00:40Z"}


def row(night, state="success"):
    begin = f"{night}T07:00:00Z"
    return {"dag_id": "d", "dag_run_id": f"r_{night}", "state": state, "data_interval_start": begin, **TIMES}


def make_api(**runs):
    """Airflow with these runs by DAG."""

    def answer(request):
        found = runs.get(request.url.path.split("/")[-2], [])
        wanted = request.url.params.get("state")
        return httpx.Response(
            200, json={"dag_runs": [each for each in found if wanted in (None, each["state"])]}
        )

    return AirflowApi(httpx.Client(base_url="http://airflow.test", transport=httpx.MockTransport(answer)))


def plan(score, monitor):
    return first_run._plan_nights(
        make_api(score_x=score, monitor_x=monitor), "Score and judge", "scored and judged", BOTH, FIRST, LAST
    )


def test_what_is_done_is_not_shown():
    every = [row(night) for night in NIGHTS]
    assert plan(every, every) == []


def test_a_night_is_shown_if_one_of_its_runs_is_missing_or_failed():
    every = [row(night) for night in NIGHTS]
    (stage,) = plan(every, [row("2013-04-01"), row("2013-04-02", "failed")])
    assert stage.runs == {date(2013, 4, 2): 2, date(2013, 4, 3): 2}
    assert stage.title == "Score and judge the nights 2013-04-01 to 2013-04-03"
    assert stage.seconds == 80.0, "as both took here before"


def test_a_fresh_installation_is_expected_to_take_what_two_cores_took():
    fresh = make_api()
    (stage,) = first_run._plan_nights(fresh, "Score", "scored", BOTH, FIRST, LAST)
    assert stage.seconds == first_run.EXPECTED_SECONDS["score"] + first_run.EXPECTED_SECONDS["monitor"]
    assert first_run.plan_training(fresh, "x").seconds == first_run.EXPECTED_SECONDS["train"]


@pytest.mark.parametrize(("last", "seconds"), [(date(2012, 12, 31), 20.3), (date(2013, 3, 31), 47.3)])
def test_history_takes_longer_the_more_nights_it_has(last, seconds):
    stage = first_run.plan_history(date(2012, 12, 31), last)
    assert stage.seconds == pytest.approx(seconds)
    assert str(last) in stage.title
