"""What the release ledger says of nights, for people to look at: releases, audits, gaps, deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from redeye.audits.logic.audit_result import Treatment
from redeye.declarations.calendar import find_next_night, find_previous_night
from redeye.declarations.project import name_schedule
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import ledger_transaction
from redeye.sources.marked_row_store import MarkedRow, list_marked_rows

Row = dict[str, Any]


@dataclass(frozen=True)
class NightRecords:
    """Rows of the release ledger about some nights, the newest first.

    Releases are all revisions whose nights touch the span, audits those of candidates that end in it, refused ones
    included; of its deliveries those whose last judgement refused them, by night; `scheduled` are the nights by whose
    cutoff a schedule of the coming day had arrived that was accepted, each as `night`; `set_aside` are rows that are
    still set aside.
    """

    releases: list[Row]
    audits: list[Row]
    gaps: list[Row]
    refused: list[Row]
    scheduled: list[Row]
    set_aside: list[MarkedRow]


def records(first: date, last: date) -> NightRecords:
    """What is recorded of the nights `first` to `last`, without the deliveries that were accepted."""
    span = {"first": first, "last": last}
    return NightRecords(
        releases=_rows(
            "SELECT release_id, night, revision, first_night, kind, snapshot_id, delivery_set_hash, code_hash, "
            "git_sha, parent_release_id, built_by, shift_weeks, audit -> 'degraded' AS degraded, "
            "audit -> 'null_shares' AS null_shares FROM ledger.releases "
            "WHERE night >= %(first)s AND first_night <= %(last)s ORDER BY recorded_seq DESC",
            span,
        ),
        audits=_rows(
            "SELECT audit_id, night, snapshot_id, is_success, detail FROM ledger.audits "
            "WHERE night BETWEEN %(first)s AND %(last)s ORDER BY audit_id DESC",
            span,
        ),
        gaps=_rows(
            "SELECT night, reason, recorded_by FROM ledger.gaps AS g WHERE night BETWEEN %(first)s AND %(last)s "
            "AND NOT EXISTS (SELECT 1 FROM ledger.releases AS r WHERE g.night BETWEEN r.first_night AND r.night) "
            "ORDER BY night",
            span,
        ),
        refused=_rows(
            "SELECT source, dataset, night, content_hash, arrival_night, audit FROM ledger.judged_deliveries "
            "WHERE night BETWEEN %(first)s AND %(last)s AND NOT is_accepted ORDER BY night, dataset",
            span,
        ),
        scheduled=_rows(
            "SELECT DISTINCT night FROM ledger.judged_deliveries WHERE night BETWEEN %(first)s AND %(last)s "
            "AND is_accepted AND dataset = %(dataset)s AND arrival_night <= night",
            {**span, "dataset": name_schedule()},
        ),
        set_aside=[
            row
            for row in list_marked_rows(first, last)
            if row.treatment == Treatment.SET_ASIDE and row.is_open
        ],
    )


def deliveries(night: date) -> list[Row]:
    """Every delivery that is of a night or came with it, its judgement, and which releases took it in or let it go."""
    return _rows(
        "SELECT d.source, d.dataset, d.night, d.content_hash, d.is_accepted, d.path, d.row_count, "
        "d.is_stated_empty, d.arrival_night, d.audit, d.recorded_seq, "
        "(SELECT array_agg(r.release_id ORDER BY r.release_id) FROM ledger.release_deliveries AS r "
        "WHERE (r.source, r.dataset, r.night, r.content_hash) = (d.source, d.dataset, d.night, d.content_hash)) "
        "AS releases, (SELECT array_agg(w.release_id ORDER BY w.release_id) FROM ledger.release_withdrawals AS w "
        "WHERE (w.source, w.dataset, w.night, w.content_hash) = (d.source, d.dataset, d.night, d.content_hash)) "
        "AS left_with FROM ledger.judged_deliveries AS d "
        "WHERE d.night = %(night)s OR d.arrival_night = %(night)s ORDER BY d.night, d.dataset, d.recorded_seq",
        {"night": night},
    )


def last_nightly() -> date | None:
    """The latest night that has a release of its own, was refused one, or is a recorded gap."""
    rows = _rows(
        "SELECT greatest((SELECT max(night) FROM ledger.releases WHERE kind <> 'history'), "
        "(SELECT max(night) FROM ledger.gaps), "
        "(SELECT max(night) FROM ledger.audits WHERE NOT is_success)) AS night",
        {},
    )
    found: date | None = rows[0]["night"]
    return found


def unknown_nights() -> list[tuple[date, date]]:
    """Spans of nights before the head that have neither a release nor a gap, oldest first."""
    rows = _rows(
        "WITH known AS (SELECT first_night, night FROM ledger.releases UNION SELECT night, night FROM ledger.gaps), "
        "reached AS (SELECT first_night, max(night) OVER (ORDER BY first_night, night "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS so_far FROM known) "
        "SELECT so_far, first_night FROM reached WHERE first_night > so_far + 1 ORDER BY so_far",
        {},
    )
    spans = [(find_next_night(row["so_far"]), find_previous_night(row["first_night"])) for row in rows]
    return [(first, last) for first, last in spans if first <= last]


def _rows(sql: str, parameters: Mapping[str, object]) -> list[Row]:
    with ledger_transaction(Catalog.WAREHOUSE) as con, con.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
