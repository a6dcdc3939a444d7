"""Deliveries that are broken on their way: each is named, the coming day is scored, the next night is clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from flights.nycflights13 import NycFlights13
from redeye.foundation.errors import AuditRefused, DeliveryError, DeliveryInterrupted
from redeye.scoring import outputs_store
from redeye.sources import delivery_store
from redeye.sources.logic.deliveries import Delivery
from redeye.warehouse import lake, release_store

pytestmark = pytest.mark.integration

Change = Callable[[Delivery], Iterator[Delivery]]


class Broken(NycFlights13):
    """The real source, with one dataset broken on its way."""

    def __init__(self, dataset: str, change: Change) -> None:
        super().__init__()
        self.broken, self.change = dataset, change

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Delivery]:
        for delivery in super().fetch(first, last, dataset):
            yield from self.change(delivery) if delivery.dataset == self.broken else [delivery]


def with_a_nul(delivery: Delivery) -> Iterator[Delivery]:
    """Tail numbers with a NUL in them: more than may be set aside."""
    texts = delivery.frame["tailnum"].to_pylist()
    texts[:20] = ["N14\x00228"] * 20
    at = delivery.frame.column_names.index("tailnum")
    yield replace(delivery, frame=delivery.frame.set_column(at, "tailnum", pa.array(texts, pa.string())))


def with_an_error(delivery: Delivery) -> Iterator[Delivery]:
    """A parser that fails on what it is given."""
    raise KeyError(f"no column Year in {delivery.dataset}.csv")


def as_halves(delivery: Delivery, *, more_follows: bool) -> Iterator[Delivery]:
    """Two deliveries of one night."""
    middle = delivery.frame.num_rows // 2
    yield replace(delivery, frame=delivery.frame.slice(0, middle), more_follows=more_follows)
    yield replace(delivery, frame=delivery.frame.slice(middle))


def accepted(night: date) -> dict[str, int]:
    """Rows taken in of a night, by dataset."""
    return {ref.dataset: ref.rows for ref in delivery_store.deliveries(night, night)}


@pytest.mark.parametrize(
    ("dataset", "change", "error", "said"),
    [
        pytest.param(
            "outcomes", with_a_nul, AuditRefused, r"tailnum: 20 of \d+ values hold .*N14\\x00228", id="a NUL"
        ),
        pytest.param(
            "weather",
            with_an_error,
            DeliveryInterrupted,
            r"weather/\d{4}-\d\d-\d\d could not be fetched: KeyError: 'no column Year in weather.csv'",
            id="an error of its parser",
        ),
        pytest.param(
            "outcomes",
            lambda delivery: as_halves(delivery, more_follows=False),
            DeliveryError,
            "was delivered 2 times in one fetch",
            id="two halves",
        ),
    ],
)
def test_what_is_broken_is_named_and_the_next_night_holds_no_trace(
    nights: Any, dataset: str, change: Change, error: type[Exception], said: str
) -> None:
    night = nights.next
    with pytest.raises(error, match=said):
        nights.build(night, source=Broken(dataset, change))
    assert accepted(night).keys() == {"schedule", "weather", "outcomes"} - {dataset}
    assert dataset in str(release_store.gap_reason(night))
    assert nights.score(night)["rows"] == accepted(night)["schedule"]
    good = nights.next
    nights.build(good)
    scored = nights.score(good)
    assert (scored["rows"], scored["is_degraded"]) == (accepted(good)["schedule"], False)


def test_a_night_in_parts_is_a_night(nights: Any) -> None:
    night = nights.next
    whole = {each.dataset: each.frame.num_rows for each in NycFlights13().fetch(night, night)}
    release = nights.build(night, source=Broken("schedule", lambda each: as_halves(each, more_follows=True)))
    assert accepted(night) == whole
    assert nights.score(night)["rows"] == whole["schedule"]
    assert len(outputs_store.read("predictions", nights.model, night, night)) == whole["schedule"]
    with lake.connect_at(release["snapshot_id"]) as con:
        loaded = con.execute(
            "SELECT count(*) FROM warehouse.raw.nycflights13__schedule WHERE night = ?", [night]
        ).fetchone()
    assert loaded == (whole["schedule"],)
