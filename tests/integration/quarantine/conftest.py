"""Three weeks in one release; nights follow whose deliveries disagree, are broken in part, or are judged again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from prepared_installations import Kind

from flights.nycflights13 import NycFlights13
from redeye.operations import build_nights
from redeye.sources import delivery_store, ingest
from redeye.sources.logic.deliveries import Delivery, DeliveryRef, Source
from redeye.warehouse import build, lake, release_store
from redeye.warehouse.logic.releases import Release

Change = Callable[[pd.DataFrame], pd.DataFrame]


class Changed(NycFlights13):
    """The real source, with a dataset of one night changed on its way."""

    def __init__(self, dataset: str, night: date, change: Change) -> None:
        super().__init__()
        self.place, self.change = (dataset, night), change

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Delivery]:
        for each in super().fetch(first, last):
            if dataset not in (None, each.dataset):
                continue
            if (each.dataset, each.night) == self.place:
                rows = self.change(each.frame.to_pandas())
                yield replace(each, frame=pa.Table.from_pandas(rows, preserve_index=False))
            else:
                yield each


def run_night(night: date, source: Source | None = None) -> Release:
    """Ingest, build and publish a night."""
    ingest.ingest_nights(night, night, source=source)
    return build_night(night)


def build_night(night: date) -> Release:
    """Build and publish a night from what is accepted."""
    build.publish(build_nights.transform(night, night, holder=f"test {night}"))
    release = release_store.release(night)
    assert release is not None
    return release


def find_standing(dataset: str, night: date) -> DeliveryRef:
    """The newest accepted delivery of a dataset and night."""
    return [ref for ref in delivery_store.deliveries(night, night) if ref.dataset == dataset][-1]


def select(release: Release, sql: str, *values: object) -> pd.DataFrame:
    """What a query of a release returns."""
    with lake.connect_at(release.snapshot_id) as con:
        return con.execute(sql, list(values)).df()


def list_coming(count: int) -> list[date]:
    """The nights after the head."""
    head = release_store.latest_release()
    assert head is not None
    return [head.night + timedelta(days=number) for number in range(1, count + 1)]


@pytest.fixture(scope="module", autouse=True)
def installation(
    install: Callable[..., AbstractContextManager[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Three weeks in one release."""
    with install(tmp_path_factory.mktemp("redeye-quarantine"), Kind.THREE_WEEKS):
        yield
