"""The ledger of deliveries: what arrived, how it was judged, what is left out. Append-only by database rights."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from psycopg2.extras import Json, execute_values

from redeye.audits.logic.audit_result import AuditResult
from redeye.declarations.project import name_schedule
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import DeliveryError
from redeye.foundation.postgres import insert, ledger_transaction, read_rows
from redeye.foundation.settings import settings
from redeye.sources.logic.deliveries import DeliveryRef

# What people do to a judgement.
ACCEPT, REFUSE = "accept delivery", "refuse delivery"
# Of a gap's reason; the log and the Data Docs have all of it.
REASON_LENGTH = 2000
COLUMNS = (
    "source, dataset, night, content_hash, path, row_count, is_stated_empty, arrival_night, shift_weeks, "
    "parent_hash"
)


def make_delivery(row: tuple[Any, ...]) -> DeliveryRef:
    """A row of `COLUMNS` as the delivery that it names."""
    source, dataset, night, content_hash, path, *rest = row
    return DeliveryRef(source, dataset, night, content_hash, settings().landing / path, *rest)


def record_deliveries(
    refs: Iterable[DeliveryRef], *, is_accepted: bool, audits: dict[str, AuditResult] | None = None
) -> None:
    """Record how landed deliveries were judged, with the audit's result by dataset.

    A judgement equal to the last one of a delivery adds nothing.
    """
    audits = audits or {}
    root = f"{settings().landing}/"
    values = [
        (
            ref.source,
            ref.dataset,
            ref.night,
            ref.content_hash,
            str(ref.path).removeprefix(root),
            ref.rows,
            ref.is_stated_empty,
            ref.arrival_night,
            ref.shift_weeks,
            ref.parent,
            is_accepted,
            Json(audits[ref.dataset].to_dict()) if ref.dataset in audits else None,
        )
        for ref in refs
    ]
    with ledger_transaction(Catalog.WAREHOUSE) as con, con.cursor() as cursor:
        execute_values(
            cursor,
            f"INSERT INTO ledger.deliveries ({COLUMNS}, is_accepted, audit) SELECT v.* "
            f"FROM (VALUES %s) AS v ({COLUMNS}, is_accepted, audit) WHERE NOT EXISTS ("
            "SELECT 1 FROM ledger.judged_deliveries AS j WHERE (j.source, j.dataset, j.night, j.content_hash, "
            "j.is_accepted) = (v.source, v.dataset, v.night, v.content_hash, v.is_accepted))",
            values,
            template="(%s, %s, %s::date, %s, %s, %s::bigint, %s::boolean, %s::date, %s::integer, %s, "
            "%s::boolean, %s::jsonb)",
            page_size=5000,
        )


def deliveries(first: date, last: date, *, accepted_only: bool = True) -> list[DeliveryRef]:
    """Deliveries of the nights `first` to `last`, oldest first."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        f"SELECT {COLUMNS} FROM ledger.judged_deliveries "
        "WHERE night BETWEEN %s AND %s AND (is_accepted OR NOT %s) ORDER BY night, source, dataset, recorded_seq",
        (first, last, accepted_only),
    )
    return [make_delivery(row) for row in rows]


def require_accepted(refs: Collection[DeliveryRef]) -> None:
    """Refuse to load what no audit, and no person, has accepted: by content, of each of these deliveries.

    Raises:
        DeliveryError: naming those whose last judgement is another.
    """
    if not refs:
        return
    nights = [ref.night for ref in refs]
    accepted = {
        (ref.source, ref.dataset, ref.night, ref.content_hash) for ref in deliveries(min(nights), max(nights))
    }
    if others := [
        str(ref.path)
        for ref in refs
        if (ref.source, ref.dataset, ref.night, ref.content_hash) not in accepted
    ]:
        raise DeliveryError(f"not accepted, or not any more: {', '.join(others)}; ingest their nights again")


def find_newest_delivery(source: str, dataset: str, before: date) -> DeliveryRef | None:
    """The newest accepted delivery of a dataset with rows, of a night before `before`; None if there is none."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        f"SELECT {COLUMNS} FROM ledger.judged_deliveries WHERE (source, dataset) = (%s, %s) AND night < %s "
        "AND is_accepted AND NOT is_stated_empty ORDER BY night DESC, recorded_seq DESC LIMIT 1",
        (source, dataset, before),
    )
    return make_delivery(rows[0]) if rows else None


def find_first_night(source: str, dataset: str) -> date | None:
    """The first night that an accepted delivery of a dataset has rows of; None if there is none."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        "SELECT min(night) FROM ledger.judged_deliveries WHERE (source, dataset) = (%s, %s) "
        "AND is_accepted AND NOT is_stated_empty",
        (source, dataset),
    )
    return rows[0][0] if rows else None


def list_judged(source: str, dataset: str, night: date) -> list[tuple[DeliveryRef, bool]]:
    """Each delivery of a dataset and night, and whether its last judgement accepted it, the newest judgement last."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        f"SELECT {COLUMNS}, is_accepted FROM ledger.judged_deliveries WHERE (source, dataset, night) = (%s, %s, %s) "
        "ORDER BY recorded_seq",
        (source, dataset, night),
    )
    return [(make_delivery(row[:-1]), bool(row[-1])) for row in rows]


def list_refused_by_people(first: date, last: date) -> dict[tuple[str, str, date, str], str]:
    """By source, dataset, night and content, who refused a delivery of the nights `first` to `last` last, and why.

    One of which some rows were set aside is there by the content of the whole one, too.
    """
    rows = read_rows(
        Catalog.WAREHOUSE,
        "SELECT d.source, d.dataset, d.night, d.content_hash, d.parent_hash, a.actor, a.reason FROM ("
        "SELECT DISTINCT ON (subject) * FROM ledger.actions WHERE action = ANY (%s) ORDER BY subject, action_id DESC"
        ") AS a JOIN ledger.judged_deliveries AS d "
        "ON a.subject = concat_ws('/', d.source, d.dataset, d.night::text, d.content_hash) "
        "WHERE a.action = %s AND d.night BETWEEN %s AND %s",
        ([ACCEPT, REFUSE], REFUSE, first, last),
    )
    return {
        (source, dataset, night, content): f"{actor} refused it: {reason}"
        for source, dataset, night, *contents, actor, reason in rows
        for content in contents
        if content
    }


def list_replaced_deliveries() -> list[tuple[DeliveryRef, DeliveryRef]]:
    """Accepted deliveries with the one that replaced each, by night: of each dataset and night the next version."""
    columns = COLUMNS.split(", ")
    rows = read_rows(
        Catalog.WAREHOUSE,
        f"SELECT {COLUMNS}, "
        + ", ".join(f"lead({column}) OVER versions" for column in columns)
        + " FROM ledger.judged_deliveries WHERE is_accepted "
        "WINDOW versions AS (PARTITION BY source, dataset, night ORDER BY arrival_night, recorded_seq) "
        "ORDER BY night, source, dataset, arrival_night",
    )
    pairs = [(row[: len(columns)], row[len(columns) :]) for row in rows]
    return [(make_delivery(old), make_delivery(new)) for old, new in pairs if new[0] is not None]


def shifts() -> set[int]:
    """By how many weeks the deliveries recorded here are shifted; empty while there are none."""
    rows = read_rows(Catalog.WAREHOUSE, "SELECT DISTINCT shift_weeks FROM ledger.deliveries")
    return {int(row[0]) for row in rows}


def find_accepted_schedule(night: date) -> DeliveryRef | None:
    """The accepted schedule of the day after `night` as of its cutoff: what came or was restated later is none."""
    announced_by = name_schedule()
    found = [d for d in deliveries(night, night) if d.dataset == announced_by and not d.is_restatement]
    return found[-1] if found else None


def find_last_built_night() -> date | None:
    """The newest night that is released; None while none is."""
    night: date | None = read_rows(Catalog.WAREHOUSE, "SELECT max(night) FROM ledger.releases")[0][0]
    return night


def record_gap(night: date, *, reason: str, recorded_by: str) -> None:
    """Record that the warehouse goes on without a night; the first reason stays, up to its first lines."""
    insert(
        Catalog.WAREHOUSE,
        "INSERT INTO ledger.gaps (night, reason, recorded_by) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (night, reason[:REASON_LENGTH], recorded_by),
    )
