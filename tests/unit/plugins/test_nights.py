"""Which night a run stands for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from redeye.declarations.calendar import cutoff, find_start
from redeye.foundation.errors import ConfigError
from redeye.promotion.logic.decision import CALENDAR_REASON
from redeye_airflow.nights import NightRun, compute_deadline, find_night_of_run


def context(run_type: str, *, night: date | None = None, **params: Any) -> dict[str, Any]:
    """A task context with the data interval of `night`, if one is given."""
    run = SimpleNamespace(run_type=run_type, run_id=f"{run_type}__x", triggering_user_name=None)
    made: dict[str, Any] = {"dag_run": run, "params": params}
    if night is not None:
        made |= {"data_interval_start": find_start(night), "data_interval_end": cutoff(night)}
    return made


@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "manual"])
@pytest.mark.parametrize(
    "night",
    [date(2013, 3, 9), date(2013, 3, 10), date(2013, 11, 2), date(2013, 11, 3), date(2012, 12, 31)],
    ids=["before spring forward", "23 hours", "before fall back", "25 hours", "first"],
)
def test_a_run_with_an_interval_is_the_night_that_begins_with_it(run_type: str, night: date) -> None:
    assert find_night_of_run(context(run_type, night=night)) == night


def test_a_run_by_hand_takes_its_parameter_before_its_date() -> None:
    assert find_night_of_run(context("manual", night=date(2013, 5, 1))) == date(2013, 5, 1)
    given = context("manual", night=date(2013, 5, 1))
    given["params"]["night"] = "2013-04-02"
    assert find_night_of_run(given) == date(2013, 4, 2)


def test_a_run_by_hand_needs_no_date() -> None:
    given = context("manual")
    given["params"]["night"] = "2013-04-02"
    assert find_night_of_run(given) == date(2013, 4, 2)


def test_a_run_without_date_and_parameter_says_what_to_give() -> None:
    with pytest.raises(ConfigError, match="names no night: trigger it with"):
        find_night_of_run(context("manual"))


@pytest.mark.parametrize("wrong", ["2013-04-31", "yesterday", 20130402, ""])
def test_a_wrong_parameter_is_named(wrong: Any) -> None:
    given = context("manual")
    given["params"]["night"] = wrong
    with pytest.raises(ConfigError, match=r"night=.* is no night: write it as"):
        find_night_of_run(given)


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_a_backfill_cannot_be_given_one_night_for_all(run_type: str) -> None:
    given = context(run_type, night=date(2013, 4, 1))
    given["params"]["night"] = "2013-04-02"
    with pytest.raises(ConfigError, match="nights come from its dates"):
        find_night_of_run(given)


@pytest.mark.parametrize(
    ("instant", "night"),
    [
        (datetime(2013, 4, 1, 10, tzinfo=UTC), date(2013, 3, 31)),
        (cutoff(date(2013, 3, 31)), date(2013, 3, 31)),
        (cutoff(date(2013, 3, 31)) - timedelta(seconds=1), date(2013, 3, 30)),
    ],
)
def test_a_calendar_run_is_the_last_night_complete_by_then(instant: datetime, night: date) -> None:
    given = context("scheduled") | {"data_interval_start": instant, "data_interval_end": instant}
    assert find_night_of_run(given) == night
    assert NightRun.of(given).reason == CALENDAR_REASON


def test_a_night_the_source_does_not_have_is_refused_with_those_it_has() -> None:
    given = context("manual")
    given["params"]["night"] = "2026-11-22"
    with pytest.raises(ConfigError, match=r"2026-11-22 is outside the source.s nights 2012-12-31"):
        NightRun.of(given)


def test_a_range_takes_both_ends_and_must_be_forward() -> None:
    run = NightRun.of(context("manual", first="2013-01-01", last="2013-03-31"))
    assert (run.first, run.last) == (date(2013, 1, 1), date(2013, 3, 31))
    assert run.label == "2013-01-01 to 2013-03-31"
    with pytest.raises(ConfigError, match="first=2013-03-31 is after last=2013-01-01"):
        NightRun.of(context("manual", first="2013-03-31", last="2013-01-01"))


def test_only_a_scheduled_run_counts_its_patience_from_the_cutoff() -> None:
    now = datetime(2013, 6, 1, tzinfo=UTC)
    scheduled = NightRun.of(context("scheduled", night=date(2013, 4, 1)))
    backfill = NightRun.of(context("backfill", night=date(2013, 4, 1)))
    assert compute_deadline(scheduled, timedelta(hours=1), now) == cutoff(date(2013, 4, 1)) + timedelta(
        hours=1
    )
    assert compute_deadline(backfill, timedelta(hours=1), now) == now + timedelta(hours=1)


def test_a_requested_training_takes_night_and_reason_from_its_conf() -> None:
    params = {"night": "2013-09-29", "reason": "worse than the heuristic", "verdict": "retrain"}
    given = context("operator_triggered") | {"params": params}
    given["dag_run"].triggering_user_name = "admin"  # Airflow's: whoever ran the monitor
    run = NightRun.of(given)
    assert (run.last, run.reason, run.actor) == (date(2013, 9, 29), "worse than the heuristic", "verdict")
    assert not run.is_scheduled
