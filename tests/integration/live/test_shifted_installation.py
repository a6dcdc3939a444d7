"""An installation whose calendar is shifted: its labels, and that it keeps the one shift."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SHIFT_FILE, SPECS, settings
from redeye.models.kinds.interface import find_kind
from redeye.operations import build_nights
from redeye.promotion.train import train_night
from redeye.scoring import export, outputs_store, score
from redeye.sources import delivery_store, ingest
from redeye.sources.configured_source import load_standing_source
from redeye.warehouse import build, lake, release_store

pytestmark = pytest.mark.integration

WEEKS = 695
MODEL = "flight_delay"
SHIFT = timedelta(weeks=WEEKS)
FIRST, TRAINED, LAST = (date(2012, 12, 31) + SHIFT, date(2013, 1, 6) + SHIFT, date(2013, 1, 7) + SHIFT)


@pytest.fixture(scope="module")
def shifted(
    install: Callable[..., AbstractContextManager[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    os.environ["REDEYE_SHIFT_WEEKS"] = str(WEEKS)
    try:
        with install(tmp_path_factory.mktemp("redeye-shifted")) as stack:
            ingest.ingest_nights(FIRST, TRAINED)
            build.publish(build_nights.transform(FIRST, TRAINED, holder="test", kind="history"))
            train_night(MODEL, TRAINED, run_id="test", actor="test", reason="first training")
            ingest.ingest_nights(LAST, LAST)
            build.publish(build_nights.transform(LAST, LAST, holder="test night"))
            score.score_night(MODEL, LAST, run_id="test night")
            yield stack
    finally:
        os.environ.pop("REDEYE_SHIFT_WEEKS", None)


def test_every_delivery_release_and_prediction_is_labelled(shifted):
    assert {ref.shift_weeks for ref in delivery_store.deliveries(FIRST, LAST)} == {WEEKS}
    head = release_store.latest_release()
    assert head is not None
    assert (head.night, head.shift_weeks) == (LAST, WEEKS)
    rows = outputs_store.read("predictions", MODEL, LAST, LAST)
    assert set(rows[outputs_store.LABEL]) == {WEEKS}
    assert set(pd.to_datetime(rows["flight_date"]).dt.date) == {LAST + timedelta(days=1)}


def test_exports_are_labelled_in_rows_and_manifest(shifted):
    import json

    score.export_night(MODEL, LAST)
    folder = settings().exports / MODEL / LAST.isoformat()
    assert set(pd.read_csv(folder / "predictions.csv")[export.LABEL]) == {WEEKS}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["shift_weeks"] == WEEKS
    kind = find_kind(load_spec(SPECS / f"{MODEL}.yaml"))
    assert list(manifest["columns"]) == list(export.columns(kind, is_shifted=True))


def test_holidays_of_the_features_are_those_of_the_flights(shifted):
    con = lake.connect_at(release_store.latest_release().snapshot_id)
    try:
        found = con.execute(
            "SELECT calendar_date FROM warehouse.marts.dim_dates "
            "WHERE holiday_name = 'New Year''s Day' AND calendar_date BETWEEN ? AND ?",
            [FIRST, LAST],
        ).fetchall()
    finally:
        con.close()
    assert found == [(date(2013, 1, 1) + SHIFT,)]


def test_the_home_remembers_what_the_environment_said(shifted):
    assert (settings().home / SHIFT_FILE).read_text() == f"{WEEKS}\n"


@pytest.mark.parametrize("other", [0, 678])
def test_another_shift_is_refused_with_both_values_and_the_remedy(shifted, monkeypatch, other):
    monkeypatch.setenv("REDEYE_SHIFT_WEEKS", str(other))
    settings.cache_clear()
    try:
        message = (
            rf"REDEYE_SHIFT_WEEKS={other}, but .* shifted by {WEEKS} weeks.*set REDEYE_SHIFT_WEEKS={WEEKS}"
        )
        night = date(2013, 1, 8) + timedelta(weeks=other)
        for act in (
            load_standing_source,
            lambda: ingest.ingest_nights(night, night),
            lambda: build_nights.transform(night, night, holder="test"),
            lambda: score.score_night(MODEL, night, run_id="test"),
        ):
            with pytest.raises(ConfigError, match=message):
                act()
    finally:
        monkeypatch.undo()
        settings.cache_clear()
