"""Consumers read a night that was scored, by HTTP, with a token of the ledger."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from redeye.declarations.calendar import ONE_DAY, cutoff
from redeye.declarations.project import project
from redeye.foundation.catalogs import Catalog
from redeye.foundation.cost_store import record_cost
from redeye.foundation.errors import ConfigError
from redeye.scoring import outputs_store
from redeye.serving import token_store
from redeye.serving.app import make_app
from redeye.serving.night_cache import LakeStore, NightCache
from redeye.warehouse import lake, release_store
from redeye_airflow.pages import prediction_pages

pytestmark = pytest.mark.integration


def test_a_scored_night_is_read_by_http(nights: Any) -> None:
    first = nights.next
    nights.build(first)
    with record_cost("redeye.scoring.score:score_night", first, model=nights.model, run_id="test"):
        nights.score(first)
    text = token_store.create_token("test", [nights.model], expires_at=None, actor="test")
    with pytest.raises(ConfigError, match="there is a token 'test' already"):
        token_store.create_token("test", ["*"], expires_at=None, actor="test")
    cache = NightCache(LakeStore())
    with TestClient(make_app(cache), headers={"Authorization": f"Bearer {text}"}) as client:
        address = f"/v1/models/{nights.model}/predictions"
        written = outputs_store.read("predictions", nights.model, first, first).sort_values("rank")
        found = client.get(f"{address}/latest").json()
        assert found["night"] == str(first)
        assert found["scored_at"] is not None
        assert found["total"] == len(written)
        key = project().subject.key
        assert [row[key] for row in found["predictions"]] == list(written[key])[:1000]
        assert [row["probability"] for row in found["predictions"]] == list(written["probability"])[:1000]

        # The next night is served after one look, and knows how the first went.
        nights.build(first + ONE_DAY)
        nights.score(first + ONE_DAY)
        cache.look()
        assert client.get(f"{address}/latest").json()["night"] == str(first + ONE_DAY)
        again = client.get(address, params={"night": str(first)}).json()
        judged = [row for row in again["predictions"] if row["outcome"] is not None]
        assert len(judged) > len(written) / 2
        assert {
            (row["probability"] >= 0.5) == row["outcome"] for row in judged if row["result"] == "hit"
        } == {True}
        check_page(nights.model, first, again["predictions"])
        one = client.get(f"{address}/{written[key].iloc[0]}").json()
        assert one["prediction"] == again["predictions"][0]

        token_store.revoke_token("test", actor="test")
        cache.look()
        assert client.get(f"{address}/latest").status_code == 401
        with pytest.raises(ConfigError, match="no token 'test' to revoke"):
            token_store.revoke_token("test", actor="test")


def check_page(model: str, night: date, told: list[dict[str, Any]]) -> None:
    """The page sums a night up as SQL does, and judges each row as the API tells it."""
    release = release_store.latest_release()
    assert release is not None
    con = lake.connect_at(release.snapshot_id)
    lake.attach(con, Catalog.OUTPUTS)
    row = con.execute(
        "SELECT count(*), count(is_late), count(*) FILTER (is_late), count(*) FILTER ((probability >= 0.5) = is_late), "
        "count(*) FILTER (probability >= 0.5 AND NOT is_late), sum(probability) FILTER (is_late IS NOT NULL) "
        "FROM outputs.main.predictions AS said LEFT JOIN ("
        "SELECT flight_id, is_late FROM warehouse.marts.fct_flights WHERE outcome_known_at <= ?) "
        "USING (flight_id) WHERE said.model = ? AND said.lane = 'live' AND said.night = ?",
        [cutoff(release.night).replace(tzinfo=None), model, night],
    ).fetchone()
    assert row is not None
    rows, known, late, hits, alarms, expected = row
    summary = prediction_pages.summarize_night(model, night)
    found = summary["found"]
    assert (found.rows, found.known, found.positives, found.hits) == (rows, known, late, hits)
    assert found.counts[(True, False)] == alarms
    assert sum(each.rows for each in found.bins) == known
    assert sum(each.rows * each.observed_rate for each in found.bins) == pytest.approx(late)
    assert sum(each.rows * each.mean_prediction for each in found.bins) == pytest.approx(expected)
    assert not summary["is_final"]
    assert hits == sum(each["result"] == "hit" for each in told)
