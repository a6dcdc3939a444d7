"""Three nights built, scored and decided; the first is restated, one is left out; the gap is repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from prepared_installations import MODEL, THREE_WEEKS_END, Kind

from flights.nycflights13 import NycFlights13
from redeye.declarations.calendar import cutoff
from redeye.declarations.specs import load_spec
from redeye.features.feast_frames import read_feature_frame
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS
from redeye.operations import build_nights
from redeye.scoring import outputs_store, score
from redeye.sources import delivery_store, ingest
from redeye.sources.logic.deliveries import Delivery
from redeye.warehouse import build, lake, release_store
from redeye.warehouse.logic.releases import Release

HISTORY_ENDS = THREE_WEEKS_END
NIGHTS = [HISTORY_ENDS + timedelta(days=number) for number in range(1, 4)]
GAP, RESUMED = (NIGHTS[-1] + timedelta(days=number) for number in (1, 2))
CARRIER, LATER = "B6", 20


class Restated(NycFlights13):
    """The real source, which says of one night that a carrier's arrivals were later."""

    def __init__(self, night: date = NIGHTS[0]) -> None:
        super().__init__()
        self.night = night

    def fetch(self, first: date, last: date) -> Iterator[Delivery]:
        for delivery in super().fetch(first, last):
            is_meant = (delivery.dataset, delivery.night) == ("outcomes", self.night)
            yield replace(delivery, frame=later(delivery.frame, self.night)) if is_meant else delivery


def later(frame: pa.Table, night: date) -> pa.Table:
    """A carrier's arrivals so many minutes later, where that stays within the day and the night."""
    rows, by = frame.to_pandas(), timedelta(minutes=LATER)
    clock = pd.to_numeric(rows["arr_time"], errors="coerce")
    known = pd.to_datetime(rows["known_at"], utc=True)
    end = pd.Timestamp(cutoff(night))
    is_later = (rows["carrier"] == CARRIER) & clock.between(500, 2300) & (rows["arr_delay"] != "NA")
    is_later &= known + by < end
    minutes = clock // 100 * 60 + clock % 100 + LATER
    rows.loc[is_later, "arr_time"] = (minutes // 60 * 100 + minutes % 60)[is_later].astype(int).astype(str)
    delays = pd.to_numeric(rows["arr_delay"], errors="coerce") + LATER
    rows.loc[is_later, "arr_delay"] = delays[is_later].astype(int).astype(str)
    then = pd.Series([datetime.fromisoformat(text) + by for text in rows["known_at"]], index=rows.index)
    rows.loc[is_later, "known_at"] = then[is_later].map(datetime.isoformat)
    return pa.Table.from_pandas(rows, schema=frame.schema, preserve_index=False)


def night_runs(night: date) -> Release:
    """Build, score and export a night."""
    ingest.ingest_nights(night, night)
    build.publish(build_nights.transform(night, night, holder=f"test {night}"))
    score.score_night(MODEL, night, run_id=f"test {night}")
    score.export_night(MODEL, night)
    release = release_store.release(night)
    assert release is not None
    return release


def table(snapshot_id: int, name: str, where: str = "true") -> pd.DataFrame:
    """Rows of a table of a release, in a fixed order."""
    with lake.connect_at(snapshot_id) as con:
        return con.execute(f"SELECT * FROM warehouse.{name} WHERE {where} ORDER BY ALL").df()


def frame_of(release: Release, night: date) -> pd.DataFrame:
    """The training frame of a night from one release: labels known by its cutoff, with their features."""
    spec = load_spec(SPECS / f"{MODEL}.yaml")
    with lake.connect_at(release.snapshot_id) as con:
        entities = con.execute(
            f"SELECT {spec.schedule_select()}, is_late FROM warehouse.marts.fct_flights "
            "WHERE is_late IS NOT NULL AND outcome_night <= ? ORDER BY flight_id",
            [night],
        ).df()
    return read_feature_frame(release.snapshot_id, entities, spec.feature_service)


@dataclass
class Story:
    """What was before, what brought the restatement in, and what is after the repair."""

    releases: list[Release]
    frame: pd.DataFrame
    predictions: pd.DataFrame
    resumed: Release
    repaired: Release
    refusal: str
    summary: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="package")
def story(
    install: Callable[..., AbstractContextManager[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    """Three weeks of history, the heuristic as champion, three nights, the restatement, the gap and its repair."""
    with install(tmp_path_factory.mktemp("redeye-again"), Kind.CHAMPION):
        releases = [night_runs(night) for night in NIGHTS]
        frame = frame_of(releases[1], NIGHTS[1])
        predictions = outputs_store.read("predictions", MODEL, NIGHTS[0], NIGHTS[-1])
        ingest.ingest_nights(NIGHTS[0], NIGHTS[-1], source=Restated())
        with pytest.raises(ConfigError) as refusal:
            build_nights.transform_again(NIGHTS[0], kind="repair", reason="at once", holder="test")
        ingest.ingest_nights(GAP, GAP)
        delivery_store.record_gap(GAP, reason="the warehouse was down", recorded_by="test")
        resumed = night_runs(RESUMED)
        made = build_nights.transform_again(
            GAP, kind="repair", reason="the night that was left out", holder="test"
        )
        summary = build.publish(made)
        repaired = release_store.latest_release()
        assert repaired is not None
        yield Story(releases, frame, predictions, resumed, repaired, str(refusal.value), summary)
