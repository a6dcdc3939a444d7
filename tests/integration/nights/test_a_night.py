"""One night after another through the jobs that the DAGs run, on real flights."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from redeye.champions import promotion_store
from redeye.declarations.calendar import coming_day, cutoff
from redeye.features.materialize import materialize_night
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import AlreadyDecided, NotReleased
from redeye.foundation.settings import settings
from redeye.monitoring.monitor import monitor_night
from redeye.operations import build_nights
from redeye.scoring import outputs_store
from redeye.scoring.score import score_night
from redeye.warehouse import lake, release_store

pytestmark = pytest.mark.integration


def test_the_heuristic_is_the_first_champion_and_a_better_candidate_follows_by_the_lag(nights: Any) -> None:
    decided = promotion_store.read_promotions(nights.model)
    assert decided[0].algorithm == "heuristic"
    assert decided[0].effective_night == nights.history_ends + timedelta(days=1)
    for later in decided[1:]:
        assert later.effective_night == nights.history_ends + timedelta(days=2)
    assert promotion_store.read_champion(nights.model, nights.history_ends) is None


def test_a_night_runs_whole(nights: Any) -> None:
    night = nights.next
    release = nights.build(night)
    materialize_night(night)
    scored = nights.score(night)
    assert scored["is_new"]
    assert not scored["is_degraded"]
    rows = outputs_store.read("predictions", nights.model, night, night)
    assert set(pd.to_datetime(rows["flight_date"]).dt.date) == {coming_day(night)}
    assert rows["release_id"].unique() == [release["release_id"]]
    assert rows["created_at"].unique() == [pd.Timestamp(cutoff(night).replace(tzinfo=None))]
    with lake.connect_at(release["snapshot_id"]) as con:
        scheduled = con.execute(
            "SELECT flight_id FROM warehouse.marts.fct_flights WHERE flight_date = ?", [coming_day(night)]
        ).fetchall()
    assert {row[0] for row in scheduled} == set(rows["flight_id"])

    folder = settings().exports / nights.model / night.isoformat()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["is_complete"]
    assert manifest["rows"] == len(rows) == len(pd.read_parquet(folder / "predictions.parquet"))
    assert len(pd.read_csv(folder / "predictions.csv")) == len(rows)


def test_a_second_run_of_a_night_changes_nothing(nights: Any) -> None:
    night = nights.next
    first = nights.build(night)
    nights.score(night)
    materialize_night(night)
    monitor_night(nights.model, night, "test")
    before = nights.contents()
    again = nights.build(night, holder="another run")
    assert again["release_id"] == first["release_id"]
    assert not nights.score(night)["is_new"]
    materialize_night(night)
    assert not monitor_night(nights.model, night, "another run")["is_new"]
    assert nights.contents() == before


def test_quality_appears_when_labels_have_matured(nights: Any) -> None:
    scored_night = nights.next
    nights.build(scored_night)
    nights.score(scored_night)
    for _ in range(2):
        nights.build(nights.next)
    night = scored_night + timedelta(days=2)
    monitor_night(nights.model, night, "test")
    rows = outputs_store.read("quality", nights.model, night, night)
    assert set(pd.to_datetime(rows["scored_night"]).dt.date) == {scored_night}
    auc = rows.set_index("metric").loc["auc"]
    assert auc["rows"] > 700
    assert 0.5 < auc["champion"] < 1


def test_a_night_needs_the_one_before_it(nights: Any) -> None:
    night = nights.next
    with pytest.raises(NotReleased, match=f"build night {night} first"):
        build_nights.transform(night + timedelta(days=1), night + timedelta(days=1), holder="test")
    with pytest.raises(NotReleased, match=f"build night {night} first"):
        nights.score(night)


def test_a_different_result_for_a_scored_night_is_an_error(
    nights: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = nights.next
    nights.build(night)
    nights.score(night)
    serving = promotion_store.read_champion(nights.model, night)
    assert serving is not None
    other = replace(serving, version=99)
    monkeypatch.setattr(promotion_store, "read_champion", lambda model, night: other)
    with pytest.raises(AlreadyDecided, match="model_version"):
        score_night(nights.model, night, run_id="another champion")


def test_the_release_is_kept_by_the_catalog(nights: Any, stack_env: object) -> None:
    import psycopg2

    head = release_store.latest_release()
    assert head is not None
    delete = f"DELETE FROM public.ducklake_snapshot WHERE snapshot_id = {head.snapshot_id}"
    dsn = settings().warehouse_dsn.get_secret_value()
    with lease.hold(Catalog.WAREHOUSE, "test") as token, psycopg2.connect(dsn) as con, con.cursor() as cursor:
        cursor.execute("SELECT set_config('redeye.token', %s, false)", (str(token),))
        with pytest.raises(psycopg2.errors.RestrictViolation):
            cursor.execute(delete)
