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
from prepared_installations import THREE_WEEKS_END, Kind

from flights.nycflights13 import NycFlights13
from redeye.operations import build_nights
from redeye.sources import ingest
from redeye.sources.logic.deliveries import Delivery, Source
from redeye.warehouse import build, lake, release_store
from redeye.warehouse.logic.releases import Release

NIGHTS = [THREE_WEEKS_END + timedelta(days=number) for number in range(1, 9)]
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


def set_cell(place: int, column: str, value: str) -> Change:
    """The same rows, with another value in one of them."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[place, column] = value
        return rows

    return change


def run_night(night: date, source: Source | None = None) -> Release:
    """Ingest, build and publish a night."""
    ingest.ingest_nights(night, night, source=source)
    build.publish(build_nights.transform(night, night, holder=f"test {night}"))
    release = release_store.release(night)
    assert release is not None
    return release


def select(release: Release, sql: str, *values: object) -> pd.DataFrame:
    """What a query of a release returns."""
    with lake.connect_at(release.snapshot_id) as con:
        return con.execute(sql, list(values)).df()


@pytest.fixture(scope="package")
def nights(
    install: Callable[..., AbstractContextManager[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[date]]:
    """The nights after the history, in order; each test goes on where the one before it ended."""
    with install(tmp_path_factory.mktemp("redeye-intake"), Kind.THREE_WEEKS):
        yield NIGHTS
