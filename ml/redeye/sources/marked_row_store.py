"""The ledger of marked rows: set aside, taken in though something is odd, or lacking; and of deliveries in doubt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg2.extras import Json, execute_values

from redeye.audits.logic.audit_result import Finding, Mark
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import ledger_transaction, read_rows
from redeye.sources.logic.deliveries import DeliveryRef

# Of a delivery that stands: the newest accepted one of its dataset and night.
STANDING = (
    "(SELECT DISTINCT ON (source, dataset, night) * FROM ledger.judged_deliveries WHERE is_accepted "
    "ORDER BY source, dataset, night, arrival_night DESC, recorded_seq DESC)"
)


@dataclass(frozen=True)
class MarkedRow:
    """A row that intake marked.

    Attributes:
        position: place in what arrived, from 0, of a row that is set aside; -1 of any other.
        is_open: whether that still holds of the delivery that stands; a mended row is no more set aside.
    """

    source: str
    dataset: str
    night: date
    content_hash: str
    treatment: str
    position: int
    row_key: dict[str, Any]
    reason: str
    is_open: bool


@dataclass(frozen=True)
class Doubt:
    """What a delivery that was accepted later says against one of this source, dataset and night."""

    source: str
    dataset: str
    night: date
    raised_by_dataset: str
    raised_by_night: date
    said: str


def record_marks(ref: DeliveryRef, marks: Iterable[Mark], findings: Iterable[Finding] = ()) -> None:
    """Record the marked rows of a delivery that is about to be accepted, and which others it puts in doubt.

    Again is no change.
    """
    of_delivery = (ref.source, ref.dataset, ref.night, ref.content_hash)
    rows = [
        (*of_delivery, each.treatment, each.position, Json(dict(each.row)), each.reason) for each in marks
    ]
    doubts = [
        (ref.source, dataset, night, ref.dataset, ref.night, ref.content_hash, each.said)
        for each in findings
        for dataset, night in each.in_doubt
    ]
    with ledger_transaction(Catalog.WAREHOUSE) as con, con.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO ledger.marked_rows (source, dataset, night, content_hash, treatment, position, row_key, "
            "reason) VALUES %s ON CONFLICT DO NOTHING",
            rows,
        )
        execute_values(
            cursor,
            "INSERT INTO ledger.doubts (source, dataset, night, raised_by_dataset, raised_by_night, raised_by_hash, "
            "said) VALUES %s ON CONFLICT DO NOTHING",
            doubts,
        )


def list_marked_rows(first: date, last: date) -> list[MarkedRow]:
    """The marked rows of the nights `first` to `last`, oldest first, and whether each still is."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        "SELECT m.source, m.dataset, m.night, m.content_hash, m.treatment, m.position, m.row_key, m.reason, "
        f"d.content_hash IS NOT NULL FROM ledger.marked_rows AS m LEFT JOIN {STANDING} AS d "
        "USING (source, dataset, night, content_hash) WHERE m.night BETWEEN %s AND %s "
        "ORDER BY m.night, m.source, m.dataset, m.recorded_seq",
        (first, last),
    )
    return [MarkedRow(*row) for row in rows]


def list_doubts(first: date, last: date) -> list[Doubt]:
    """What deliveries that stand say against those of the nights `first` to `last`, unless these came anew since."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        "SELECT b.source, b.dataset, b.night, b.raised_by_dataset, b.raised_by_night, b.said "
        f"FROM ledger.doubts AS b JOIN {STANDING} AS d ON (d.source, d.dataset, d.night, d.content_hash) "
        "= (b.source, b.raised_by_dataset, b.raised_by_night, b.raised_by_hash) "
        f"LEFT JOIN {STANDING} AS own ON (own.source, own.dataset, own.night) = (b.source, b.dataset, b.night) "
        "WHERE b.night BETWEEN %s AND %s AND coalesce(own.recorded_seq < d.recorded_seq, true) "
        "ORDER BY b.night, b.source, b.dataset, b.recorded_seq",
        (first, last),
    )
    return [Doubt(*row) for row in rows]
