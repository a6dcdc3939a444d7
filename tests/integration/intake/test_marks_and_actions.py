"""What people decide and what intake marks is kept for good, and read as it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import psycopg2
import pytest

from redeye.audits.logic.audit_result import Finding, Mark, Treatment
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.postgres import insert
from redeye.foundation.settings import settings
from redeye.sources import delivery_store
from redeye.sources.action_store import list_actions, record_action
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.sources.marked_row_store import list_doubts, list_marked_rows, record_marks
from redeye.warehouse import release_store

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("stack_env")]

NIGHT = date(1998, 4, 4)
DAY = timedelta(days=1)


def make_ref(dataset: str, content: str, **changed: object) -> DeliveryRef:
    path = settings().landing / f"{content}.csv"
    ref = DeliveryRef("test", dataset, NIGHT, content, path, 9, False, NIGHT)
    return replace(ref, **changed)  # type: ignore[arg-type]


def test_a_mark_is_open_until_another_delivery_stands() -> None:
    part = make_ref("trips", "part", parent="whole")
    mark = Mark(NIGHT, {"line": "N14\x00228"}, Treatment.SET_ASIDE, "line: no such line", 7)
    finding = Finding(NIGHT, "they disagree", (), (("plan", NIGHT - DAY),))
    for _ in range(2):
        record_marks(part, [mark], [finding])
        delivery_store.record_deliveries([part], is_accepted=True)
    (row,) = list_marked_rows(NIGHT, NIGHT)
    assert (row.row_key, row.position, row.is_open) == ({"line": r"N14\x00228"}, 7, True)
    (doubt,) = list_doubts(NIGHT - DAY, NIGHT - DAY)
    assert (doubt.dataset, doubt.raised_by_dataset, doubt.said) == ("plan", "trips", "they disagree")
    assert delivery_store.list_judged("test", "trips", NIGHT) == [(part, True)]

    # What it speaks against comes again: the doubt is over. So is the mark when the whole is accepted.
    delivery_store.record_deliveries(
        [make_ref("plan", "new", night=NIGHT - DAY, arrival_night=NIGHT)], is_accepted=True
    )
    assert list_doubts(NIGHT - DAY, NIGHT - DAY) == []
    delivery_store.record_deliveries(
        [make_ref("trips", "whole", arrival_night=NIGHT + DAY)], is_accepted=True
    )
    (row,) = list_marked_rows(NIGHT, NIGHT)
    assert not row.is_open


def test_the_last_action_of_a_person_counts() -> None:
    ref = make_ref("fares", "cut", parent="uncut")
    delivery_store.record_deliveries([ref], is_accepted=True)
    subject = f"test/fares/{NIGHT}/cut"
    refused = record_action(actor="ada", action=delivery_store.REFUSE, subject=subject, reason=" wrong day ")
    assert (refused.reason, refused.recorded_at.tzinfo is not None) == ("wrong day", True)
    said = "ada refused it: wrong day"
    assert delivery_store.list_refused_by_people(NIGHT, NIGHT) == {
        ("test", "fares", NIGHT, "cut"): said,
        ("test", "fares", NIGHT, "uncut"): said,
    }
    assert delivery_store.list_refused_by_people(NIGHT + DAY, NIGHT + DAY) == {}
    record_action(actor="bob", action=delivery_store.ACCEPT, subject=subject, reason="no, right")
    assert delivery_store.list_refused_by_people(NIGHT, NIGHT) == {}
    assert [(each.actor, each.action) for each in list_actions()] == [
        ("ada", "refuse delivery"),
        ("bob", "accept delivery"),
    ]
    assert (release_store.is_held(ref), release_store.list_withdrawn_deliveries()) == (False, [])


def test_an_action_needs_a_reason_and_nobody_changes_one() -> None:
    with pytest.raises(ConfigError, match="reason"):
        record_action(actor="ada", action=delivery_store.REFUSE, subject="test/fares", reason="  ")
    for statement in ("UPDATE ledger.actions SET reason = 'x'", "DELETE FROM ledger.marked_rows"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            insert(Catalog.WAREHOUSE, statement, ())
