"""Refused deliveries, crashes and zombies: the release before stays served and the next night is clean."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pytest
from waiting import PATIENCE_SECONDS, until

from flights.nycflights13 import NycFlights13
from redeye.audits.logic.audit_result import AuditResult
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import AuditRefused, LeaseLost
from redeye.foundation.settings import PROJECT_ROOT
from redeye.operations import build_nights
from redeye.scoring import outputs_store
from redeye.sources import delivery_store, ingest
from redeye.sources.logic.deliveries import Delivery
from redeye.warehouse import build, lake, release_store

pytestmark = pytest.mark.integration


class Corrupted(NycFlights13):
    """The real source, with one dataset changed on its way."""

    def __init__(self, dataset: str, change: Callable[[pa.Table], pa.Table]) -> None:
        super().__init__()
        self.dataset, self.change = dataset, change

    def fetch(self, first: date, last: date) -> Iterator[Delivery]:
        for delivery in super().fetch(first, last):
            is_meant = delivery.dataset == self.dataset
            yield replace(delivery, frame=self.change(delivery.frame)) if is_meant else delivery


def in_seconds(frame: pa.Table) -> pa.Table:
    """Delays delivered as seconds instead of minutes."""
    minutes = frame["dep_delay"].to_pylist()
    seconds = [value if value == "NA" else str(60 * int(value)) for value in minutes]
    return frame.set_column(
        frame.column_names.index("dep_delay"), "dep_delay", pa.array(seconds, pa.string())
    )


def halved(frame: pa.Table) -> pa.Table:
    """Half of the rows lost on the way."""
    return frame.slice(0, frame.num_rows // 2)


def with_earlier_arrivals(frame: pa.Table) -> pa.Table:
    """A schedule in which every flight is to arrive just after midnight."""
    at = frame.column_names.index("sched_arr_time")
    return frame.set_column(at, "sched_arr_time", pa.array(["1"] * frame.num_rows, pa.string()))


def accept_all(judged: Mapping[str, pd.DataFrame], *, subject: str, **_: Any) -> dict[str, AuditResult]:
    """An audit of arrivals that sees nothing, so that only a release's can refuse."""
    return {suite: AuditResult(suite, subject, is_success=True, evaluated=1) for suite in judged}


def test_refused_outcomes_leave_the_last_release_and_no_trace(nights: Any) -> None:
    night = nights.next
    served = release_store.latest_release()
    assert served is not None
    with pytest.raises(AuditRefused, match=r"arrivals/outcomes.*dep_delay"):
        nights.build(night, source=Corrupted("outcomes", in_seconds))
    assert release_store.latest_release() == served
    assert release_store.is_gap(night)

    scored = nights.score(night)
    assert scored["is_degraded"]
    assert scored["release_id"] == served.release_id
    rows = outputs_store.read("predictions", nights.model, night, night)
    assert len(rows) > 500
    assert set(rows["flight_date"].astype(str).str[:10]) == {(night + timedelta(days=1)).isoformat()}

    # A schedule restated since is not the one that was scored.
    later = Corrupted("schedule", with_earlier_arrivals)
    ingest.ingest_nights(night, night, source=later, audit_many=accept_all)
    assert any(ref.is_restatement for ref in delivery_store.deliveries(night, night))
    assert not nights.score(night)["is_new"]

    good = nights.next
    assert good == night + timedelta(days=1)
    release = nights.build(good)
    refused = [
        ref
        for ref in delivery_store.deliveries(night, night, accepted_only=False)
        if ref.dataset == "outcomes"
    ]
    with lake.connect_at(release["snapshot_id"]) as con:
        traces = con.execute(
            "SELECT count(*) FROM warehouse.raw.nycflights13__outcomes WHERE delivery_id = ?",
            [refused[0].content_hash],
        ).fetchone()
        worst = con.execute(
            "SELECT max(abs(departure_delay_minutes)) FROM warehouse.marts.fct_flights"
        ).fetchone()
    assert traces == (0,)
    assert worst is not None
    assert worst[0] < 2000
    assert not nights.score(good)["is_degraded"]


def test_a_refused_schedule_is_assumed_from_the_week_before(nights: Any) -> None:
    night = nights.next
    with pytest.raises(AuditRefused, match="arrivals/schedule"):
        nights.build(night, source=Corrupted("schedule", halved))
    scored = nights.score(night)
    assert scored["is_degraded"]
    assert "assumed" in scored["degraded_reason"]
    rows = outputs_store.read("predictions", nights.model, night, night)
    assert set(rows["flight_date"].astype(str).str[:10]) == {(night + timedelta(days=1)).isoformat()}
    # Its flights land all the same, without a schedule of theirs in the warehouse.
    good = nights.next
    nights.build(good)
    assert not nights.score(good)["is_degraded"]


def test_a_night_scored_on_an_assumed_schedule_stays_so_when_one_comes(nights: Any) -> None:
    night = nights.next
    with pytest.raises(AuditRefused, match="arrivals/schedule"):
        nights.build(night, source=Corrupted("schedule", halved))
    assert "assumed" in nights.score(night)["degraded_reason"]
    ingest.ingest_nights(night, night)
    assert not nights.score(night)["is_new"]


def test_a_night_left_out_by_hand_comes_in_with_the_next(nights: Any) -> None:
    left_out = nights.next
    ingest.ingest_nights(left_out, left_out)
    delivery_store.record_gap(left_out, reason="the warehouse was down", recorded_by="test")
    release = nights.build(left_out + timedelta(days=1))
    with lake.connect_at(release["snapshot_id"]) as con:
        found = con.execute(
            "SELECT count(outcome_night), count(*) FILTER (WHERE known_at > entity_at) "
            "FROM warehouse.marts.fct_flights WHERE flight_date = ?",
            [left_out],
        ).fetchone()
    # Known when they were, though they came late.
    assert found is not None
    assert found[0] > 500
    assert found[1] == 0


def judged(night: date) -> dict[str, bool]:
    """Whether each delivery of a night is accepted, by dataset."""
    accepted = {ref.dataset for ref in delivery_store.deliveries(night, night)}
    every = delivery_store.deliveries(night, night, accepted_only=False)
    return {ref.dataset: ref.dataset in accepted for ref in every}


def test_a_refused_release_leaves_out_what_is_bad_alone(nights: Any) -> None:
    left_out, bad, late = (nights.next + timedelta(days=number) for number in range(3))
    ingest.ingest_nights(left_out, left_out)
    delivery_store.record_gap(left_out, reason="the warehouse was down", recorded_by="test")
    broken = Corrupted("outcomes", in_seconds)
    ingest.ingest_nights(bad, bad, source=broken, audit_many=accept_all)
    with pytest.raises(AuditRefused):
        nights.build(bad, source=broken)
    assert all(judged(left_out).values())
    assert {name for name, is_accepted in judged(bad).items() if not is_accepted} == {"outcomes"}

    # The bad one is of a night before: the night itself is released without it.
    ingest.ingest_nights(late, late, source=broken, audit_many=accept_all)
    delivery_store.record_gap(late, reason="the warehouse was down", recorded_by="test")
    good = late + timedelta(days=1)
    release = nights.build(good)
    assert release["night"] == good.isoformat()
    assert not judged(late)["outcomes"]
    with lake.connect_at(release["snapshot_id"]) as con:
        loaded = con.execute(
            "SELECT DISTINCT night FROM warehouse.raw.nycflights13__outcomes WHERE night >= ? ORDER BY 1",
            [left_out],
        ).fetchall()
    assert loaded == [(left_out,), (good,)]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("redeye.warehouse.raw_tables.set_build_window", marks=pytest.mark.long),
        "redeye.warehouse.dbt.build",
    ],
)
def test_a_build_that_is_killed_is_done_again(nights: Any, moment: str) -> None:
    night = nights.next
    ingest.ingest_nights(night, night)
    _kill_at(
        moment,
        f"build_nights.transform(date.fromisoformat('{night}'), date.fromisoformat('{night}'), holder='retried')",
    )
    candidate = build_nights.transform(night, night, holder="retried")
    release = build.publish(candidate)
    assert release["night"] == night.isoformat()
    _nothing_twice(night, int(release["snapshot_id"]))


def test_killed_between_audit_and_publish(nights: Any) -> None:
    night = nights.next
    ingest.ingest_nights(night, night)
    candidate = build_nights.transform(night, night, holder="retried")
    _kill_at("redeye.warehouse.release_store.publish", f"build.publish({candidate!r})")
    assert release_store.release(night) is None
    release = build.publish(candidate)
    assert build.publish(candidate)["release_id"] == release["release_id"]
    _nothing_twice(night, int(release["snapshot_id"]))


def test_killed_while_scoring(nights: Any) -> None:
    night = nights.next
    nights.build(night)
    call = f"score.score_night('{nights.model}', date.fromisoformat('{night}'), run_id='test {night}')"
    _kill_at("redeye.scoring.outputs_store._read", call, after=1)
    first = nights.score(night)
    assert first["is_new"]
    before = nights.contents()
    assert not nights.score(night)["is_new"]
    assert nights.contents() == before


def test_a_zombie_that_wakes_after_its_retry_cannot_write(nights: Any) -> None:
    night = nights.next
    ingest.ingest_nights(night, night)
    zombie = _start_paused_at("redeye.warehouse.dbt.build", _transform(night))
    release = build.publish(build_nights.transform(night, night, holder="retried"))
    before = nights.contents()
    os.kill(zombie.pid, signal.SIGCONT)
    _, errors = zombie.communicate(timeout=PATIENCE_SECONDS)
    assert zombie.returncode != 0, "the zombie ended as if it had built the night"
    assert "stale lease" in errors or LeaseLost.__name__ in errors
    assert nights.contents() == before
    nights.build(nights.next)
    _nothing_twice(night, int(release["snapshot_id"]))


def _transform(night: date) -> str:
    at = f"date.fromisoformat('{night}')"
    return f"build_nights.transform({at}, {at}, holder='retried')"


def _script(moment: str, call: str, act: str, after: int) -> str:
    """A program that does `act` when the function named `moment` is called, `after` calls later."""
    return textwrap.dedent(
        f"""
        import importlib, logging, os, signal
        from datetime import date
        from redeye.warehouse import build; from redeye.operations import build_nights; from redeye.scoring import score
        logging.basicConfig(level="INFO")
        module, _, name = {moment!r}.rpartition(".")
        module = importlib.import_module(module)
        real, calls = getattr(module, name), []
        def watched(*args, **kwargs):
            calls.append(1)
            if len(calls) == {after} + 1:
                print("here", flush=True)
                {act}
            return real(*args, **kwargs)
        setattr(module, name, watched)
        {call}
        """
    )


def _run(script: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "ml")}
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment,
        cwd=Path(PROJECT_ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _kill_at(moment: str, call: str, *, after: int = 0) -> None:
    process = _run(_script(moment, call, "os.kill(os.getpid(), signal.SIGKILL)", after))
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == -signal.SIGKILL, errors[-3000:]


def _start_paused_at(moment: str, call: str) -> subprocess.Popen[str]:
    process = _run(_script(moment, call, "os.kill(os.getpid(), signal.SIGSTOP)", 0))
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "here"
    until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    return process


def _nothing_twice(night: date, snapshot_id: int) -> None:
    with lake.connect_at(snapshot_id) as con:
        doubled = con.execute(
            "SELECT count(*) - count(DISTINCT flight_id) FROM warehouse.marts.fct_flights"
        ).fetchone()
        loaded = con.execute(
            "SELECT count(*) FROM warehouse.raw.nycflights13__outcomes WHERE night = ?", [night]
        ).fetchone()
        lake.attach(con, Catalog.OUTPUTS)
    landed = [ref for ref in delivery_store.deliveries(night, night) if ref.dataset == "outcomes"]
    assert doubled == (0,)
    assert loaded == (landed[0].rows,)
