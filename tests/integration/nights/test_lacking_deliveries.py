"""A dataset that is absent or stated empty is never believed in silence: the night is refused, or marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from flights.nycflights13 import NycFlights13
from redeye.declarations.calendar import cutoff
from redeye.foundation.errors import AuditRefused, DeliveryError
from redeye.operations import night_status
from redeye.operations.find_alerts import find_alerts
from redeye.operations.logic.alerts import RELEASE_DUE
from redeye.scoring import outputs_store
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources.logic.deliveries import Delivery
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

ABSENT, EMPTY = "absent", "stated empty"


class Lacking(NycFlights13):
    """The real source, without one dataset, or with the statement that it is empty."""

    def __init__(self, dataset: str, way: str) -> None:
        super().__init__()
        self.dataset, self.way = dataset, way

    def fetch(self, first: date, last: date) -> Iterator[Delivery]:
        for delivery in super().fetch(first, last):
            if delivery.dataset != self.dataset:
                yield delivery
            elif self.way == EMPTY:
                yield replace(delivery, frame=delivery.frame.slice(0, 0), is_stated_empty=True)


def list_alert_keys(night: date) -> set[str]:
    now = cutoff(night) + RELEASE_DUE
    morning = night_status.read_morning(OutputsReader(), night, now=now)
    assert morning is not None
    return {each.key for each in find_alerts(morning, now=now, source=None)}


def test_a_night_without_weather_is_released_and_marked(nights: Any) -> None:
    lacking: list[date] = []
    for way in (ABSENT, EMPTY):
        night = nights.next
        release = nights.build(night, source=Lacking("weather", way))
        assert release["night"] == night.isoformat()
        scored = nights.score(night)
        assert scored["release_id"] == release["release_id"]
        assert scored["is_degraded"]
        # For its own lack alone: that of the night before left no trace.
        (reason,) = scored["degraded_reason"].split("; ")
        assert "weather" in reason
        assert str(night) in reason
        assert not any(str(each) in reason for each in lacking)
        assert "assumed" not in reason
        rows = outputs_store.read("predictions", nights.model, night, night)
        assert rows["is_degraded"].all()
        assert not nights.score(night)["is_new"]
        assert f"degraded/{nights.model}/{night}" in list_alert_keys(night)
        lacking.append(night)
    # The night after holds no trace.
    good = nights.next
    nights.build(good)
    assert not nights.score(good)["is_degraded"]


def test_what_may_not_lack_refuses_the_night_and_is_named(nights: Any) -> None:
    released, refused = release_store.latest_release(), []
    assert released is not None
    # Last the one that has a schedule: nothing of the two before makes it assumed.
    for dataset, way in (("schedule", ABSENT), ("schedule", EMPTY), ("outcomes", EMPTY)):
        night = nights.next
        with pytest.raises((AuditRefused, DeliveryError), match=f"{dataset}.* night {night}"):
            nights.build(night, source=Lacking(dataset, way))
        assert dataset in (release_store.gap_reason(night) or "")
        assert release_store.latest_release() == released
        scored = nights.score(night)
        assert scored["is_degraded"]
        assert scored["release_id"] == released.release_id
        assert not any(str(each) in scored["degraded_reason"] for each in refused)
        assert ("assumed" in scored["degraded_reason"]) is (dataset == "schedule")
        assert (f"no-schedule/{night}" in list_alert_keys(night)) is (dataset == "schedule")
        refused.append(night)
    good = nights.next
    assert good == night + timedelta(days=1)
    nights.build(good)
    assert not nights.score(good)["is_degraded"]
