"""Outcomes that come late, are restated or refused: nights wait for them, and each is measured once it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flights.nycflights13 import NycFlights13
from rebuilds.conftest import MODEL, Restated, Story, night_runs
from redeye.audits.logic.audit_result import AuditResult
from redeye.foundation.errors import AuditRefused
from redeye.monitoring.monitor import monitor_night
from redeye.operations import build_nights
from redeye.scoring import outputs_store
from redeye.scoring.score import score_night
from redeye.sources import ingest
from redeye.sources.logic.deliveries import Delivery
from redeye.warehouse import build, release_store

pytestmark = pytest.mark.integration

# Of a delivery. Labels of a night count as final from 95 percent of its flights.
MANY, FEW = 0.07, 0.01


class Lacking(NycFlights13):
    """The real source, whose outcomes of some nights lack a share of the flights, from the afternoon."""

    def __init__(self, lacking: dict[date, float]) -> None:
        super().__init__()
        self.lacking = lacking

    def fetch(self, first: date, last: date) -> Iterator[Delivery]:
        for delivery in super().fetch(first, last):
            if delivery.dataset == "outcomes" and (share := self.lacking.get(delivery.night)):
                rows = delivery.frame.to_pandas()
                afternoon = np.flatnonzero(rows["sched_dep_time"].astype(int) >= 1200)
                gone = afternoon[np.linspace(0, len(afternoon) - 1, round(share * len(rows))).astype(int)]
                there = np.setdiff1d(np.arange(len(rows)), gone)
                yield replace(delivery, frame=delivery.frame.take(there))
            else:
                yield delivery


class Halved(NycFlights13):
    """The real source, which loses half of a night's outcomes."""

    def __init__(self, night: date) -> None:
        super().__init__()
        self.night = night

    def fetch(self, first: date, last: date) -> Iterator[Delivery]:
        for each in super().fetch(first, last):
            is_meant = (each.dataset, each.night) == ("outcomes", self.night)
            yield replace(each, frame=each.frame.slice(0, each.frame.num_rows // 2)) if is_meant else each


def accept_all(judged: Mapping[str, pd.DataFrame], *, subject: str, **_: Any) -> dict[str, AuditResult]:
    """An audit that sees nothing."""
    return {suite: AuditResult(suite, subject, is_success=True, evaluated=1) for suite in judged}


@pytest.fixture(scope="module")
def late(story: Story) -> list[date]:
    """Fourteen nights. The outcomes of the second, third and fourth lack flights until 10, 3 and 1 nights later."""
    head = release_store.latest_release()
    assert head is not None
    at = [head.night + timedelta(days=number) for number in range(1, 15)]
    whole, lacking = NycFlights13(), Lacking({at[1]: FEW, at[2]: MANY, at[3]: MANY})
    ingest.ingest_nights(at[0], at[3], source=lacking)
    build.publish(build_nights.transform(at[0], at[3], holder="first nights", kind="history"))
    ingest.ingest_nights(at[4], at[4])
    ingest.ingest_nights(at[3], at[3], source=whole)
    ingest.ingest_nights(at[5], at[5])
    ingest.ingest_nights(at[2], at[2], source=whole)
    ingest.ingest_nights(at[6], at[11])
    ingest.ingest_nights(at[1], at[1], source=whole)
    ingest.ingest_nights(at[12], at[13])
    build.publish(build_nights.transform(at[4], at[13], holder="later nights", kind="history"))
    for night in at[:4]:
        assert score_night(MODEL, night, run_id="late")["is_reconstructed"] == (night != at[3])
    return at


def quality(night: date) -> dict[date, Any]:
    """Of a night's monitoring, what was measured: revision and rows by the night that scored."""
    rows = outputs_store.read("quality", MODEL, night, night)
    rows = rows[rows["metric"] == "auc"]
    return {
        pd.Timestamp(row["scored_night"]).date(): (row["revision"], row["rows"])
        for row in rows.to_dict("records")
    }


def test_a_night_waits_for_labels_that_are_1_and_3_nights_late(late: list[date]) -> None:
    found = {night: monitor_night(MODEL, night, "test") for night in late[3:7]}
    # Flights of the day after `late[2]` lacked some until one night later: their labels are not older than that.
    assert set(quality(late[4])) == {late[2]}
    # Those of the day after `late[1]` were three nights late, and nothing stands above them meanwhile.
    assert [found[night]["labels_final_until"] for night in late[3:6]] == [
        late[0].isoformat(),
        late[0].isoformat(),
        late[3].isoformat(),
    ]
    assert set(quality(late[3])) == set()
    assert quality(late[5])[late[1]][0] == 1
    assert outputs_store.read("verdicts", MODEL, late[5], late[5])["labels_final_until"].dt.date.tolist() == [
        late[3]
    ]


def test_labels_that_come_10_nights_late_are_measured_anew_and_the_first_measure_stays(
    late: list[date],
) -> None:
    monitor_night(MODEL, late[2], "test")
    first = quality(late[2])[late[0]]
    monitor_night(MODEL, late[11], "test")
    again = quality(late[11])[late[0]]
    # Flights of that day that landed after 03:00 may have been measured anew in between.
    assert first[0] == 1
    assert again[0] >= 2
    assert again[1] > first[1]
    assert quality(late[2])[late[0]] == first
    monitor_night(MODEL, late[12], "test")
    assert late[0] not in quality(late[12])


def test_what_comes_when_its_night_is_built_is_measured_with_the_next(late: list[date]) -> None:
    before = {night: quality(night) for night in (late[4], late[11])}
    nights = [late[-1] + timedelta(days=number) for number in range(1, 5)]
    restated, refused = late[3], nights[1]
    ingest.ingest_nights(restated, restated, source=Restated(restated))
    # On one of these real nights a carrier's only flight before noon left after midnight: it is refused for that.
    ingest.ingest_nights(nights[0], nights[0], audit_many=accept_all)
    night_runs(nights[0])
    with pytest.raises(AuditRefused):
        ingest.ingest_nights(refused, refused, source=Halved(refused))
    night_runs(nights[2])
    ingest.ingest_nights(refused, refused, audit_many=accept_all)
    night_runs(nights[3])
    for night in nights:
        if night != refused:
            monitor_night(MODEL, night, "test")
    # Its own revision before, and one more.
    assert quality(nights[0])[late[2]][0] > before[late[4]][late[2]][0]
    assert nights[0] not in quality(nights[2])
    revision, rows = quality(nights[3])[nights[0]]
    assert (revision, rows > 500) == (1, True)
    assert {night: quality(night) for night in before} == before
    # What was taken in fills the gap: a repair gives the night its features.
    build.publish(build_nights.transform_again(refused, kind="repair", reason="accepted", holder="late"))
    assert not release_store.is_gap(refused)


def test_the_order_of_monitoring_changes_nothing(late: list[date]) -> None:
    before = quality(late[11])
    monitor_night(MODEL, late[10], "test")
    assert not monitor_night(MODEL, late[11], "another run")["is_new"]
    assert quality(late[11]) == before
