"""Rows that disagree or are broken are set aside or marked, nights go on, and what is mended counts from then on."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from typer.testing import CliRunner

from quarantine.conftest import Changed, find_standing, list_coming, run_night, select
from redeye.cli import app
from redeye.foundation.errors import ConfigError
from redeye.operations.reverse_intake import accept_delivery
from redeye.sources import ingest, landing_store
from redeye.sources.action_store import list_actions
from redeye.sources.marked_row_store import list_doubts, list_marked_rows
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

RAW = "warehouse.raw.nycflights13__outcomes"


def marks(night: date) -> dict[str, list[bool]]:
    """By treatment of the rows that are marked, whether it still holds."""
    found: dict[str, list[bool]] = {}
    for each in list_marked_rows(night, night):
        found.setdefault(each.treatment, []).append(each.is_open)
    return found


def lose_and_invent(rows: pd.DataFrame) -> pd.DataFrame:
    """One flight in forty is missing, and a twentieth is there again, seven minutes later and under unknown numbers."""
    times = ["sched_dep_time", "sched_arr_time"]
    some = rows[(rows[times].astype(int) % 100 < 50).all(axis=1)]
    again = some.sample(n=len(rows) // 20, random_state=1)
    later = (again[times].astype(int) + 7).astype(str)
    numbers = [str(9000 + n) for n in range(len(again))]
    kept = rows.drop(index=rows.sample(n=len(rows) // 40, random_state=2).index)
    return pd.concat([kept, again.assign(flight=numbers, **{name: later[name] for name in times})])


@pytest.fixture(scope="module")
def nights() -> list[date]:
    """Five nights, in order; each test goes on where the one before it ended."""
    return list_coming(5)


def test_a_faulty_schedule_does_not_cost_the_next_nights_outcomes(nights: list[date]) -> None:
    run_night(nights[0], Changed("schedule", nights[0], lose_and_invent))
    release = run_night(nights[1])
    assert marks(nights[1])["lacking"]
    assert "set aside" not in marks(nights[1])
    (doubt,) = list_doubts(nights[0], nights[0])
    assert (doubt.dataset, doubt.raised_by_night) == ("schedule", nights[1])
    loaded = select(release, f"SELECT count(*) AS n FROM {RAW} WHERE night = ?", nights[1])["n"][0]
    assert loaded == find_standing("outcomes", nights[1]).rows > 600
    taken_in = [each for each in list_marked_rows(nights[1], nights[1]) if each.treatment == "taken in"]
    assert len(taken_in) > 15
    # A corrected one ends the doubt.
    ingest.ingest_nights(nights[0], nights[0])
    assert list_doubts(nights[0], nights[0]) == []


def break_three(rows: pd.DataFrame) -> pd.DataFrame:
    """A flight under a number that no flight has, a delay that is no number, a tail number with a NUL."""
    rows.loc[100, "flight"] = "9999"
    rows.loc[200, "arr_delay"] = "late"
    rows.loc[300, "tailnum"] = "N14\x00228"
    return rows


def test_broken_rows_are_set_aside_and_the_night_is_built_without_them(nights: list[date]) -> None:
    night, broken = nights[2], Changed("outcomes", nights[2], break_three)
    release = run_night(night, broken)
    part = find_standing("outcomes", night)
    whole = landing_store.find_parent(part)
    assert part.rows == whole.rows - 3
    aside = [each for each in list_marked_rows(night, night) if each.treatment == "set aside"]
    assert {each.position: each.is_open for each in aside} == {100: True, 200: True, 300: True}
    assert {each.row_key["flight"] for each in aside} > {"9999"}
    assert "arr_delay" in aside[1].reason
    rows = select(
        release, f"SELECT delivery_id, count(*) AS n FROM {RAW} WHERE night = ? GROUP BY ALL", night
    )
    assert rows.to_dict("records") == [{"delivery_id": part.content_hash, "n": part.rows}]
    # Asked again, the source says the same.
    assert part in ingest.ingest_nights(night, night, source=broken)
    listed = CliRunner().invoke(app, ["intake", "list", "--from", str(night), "--to", str(night)])
    assert "3 rows set aside" in listed.output


def test_mended_rows_count_from_their_acceptance_on_and_change_nothing_before(nights: list[date]) -> None:
    broken_night, night = nights[2], nights[3]
    before = release_store.release(broken_night)
    assert before is not None
    ingest.ingest_nights(broken_night, broken_night)
    after = run_night(night)
    assert set(marks(broken_night)["set aside"]) == {False}
    features = "SELECT * FROM warehouse.features.feat_carrier__delays WHERE night <= ? ORDER BY ALL"
    assert select(before, features, broken_night).equals(select(after, features, broken_night))
    flights = "SELECT flight_id FROM warehouse.marts.fct_flights WHERE night <= ? ORDER BY 1"
    assert select(before, flights, broken_night).equals(select(after, flights, broken_night))
    known = "SELECT flight_id FROM warehouse.marts.fct_flights WHERE outcome_night IS NOT NULL AND flight_date <= ?"
    mended = set(select(after, known, broken_night)["flight_id"]) - set(
        select(before, known, broken_night)["flight_id"]
    )
    arrived = select(
        after, "SELECT flight_id FROM warehouse.marts.fct_flights WHERE outcome_night = ?", night
    )
    assert len(mended & set(arrived["flight_id"])) >= 2


def break_many(rows: pd.DataFrame) -> pd.DataFrame:
    rows.loc[:30, "arr_delay"] = "late"
    return rows


def test_a_delivery_beyond_the_share_is_refused_and_a_person_may_accept_what_can_be_loaded(
    nights: list[date],
) -> None:
    night = nights[4]
    many = Changed("outcomes", night, break_many)
    with pytest.raises(
        Exception, match=r"31 of its \d+ rows would be set aside, and the contract allows 1\.00%"
    ):
        run_night(night, many)
    with pytest.raises(Exception, match="cannot be loaded as outcomes"):
        accept_delivery("nycflights13/outcomes", night, because="we looked at it", actor="ada")
    assert list_actions() == []
    with pytest.raises(ConfigError, match="no SOURCE/DATASET"):
        accept_delivery("elsewhere/outcomes", night, because="we looked at it", actor="ada")
