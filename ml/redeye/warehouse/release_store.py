"""The ledger of releases: what each took in and holds, gaps, audits, watermarks. Append-only by database rights."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from psycopg2.extensions import cursor
from psycopg2.extras import Json, execute_values

from redeye.declarations.calendar import cutoff, find_next_night
from redeye.foundation import trail
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import SignatureError, SignerAway, SigningRefused
from redeye.foundation.postgres import insert, insert_row, ledger_transaction, read_records, read_rows
from redeye.foundation.signing import signature_store
from redeye.foundation.signing.logic.statements import Kind
from redeye.sources import delivery_store
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.warehouse.logic.content import Content
from redeye.warehouse.logic.releases import Candidate, CodeNode, Release, ReleaseKind, release_id
from redeye.warehouse.release_content import read_key

log = logging.getLogger(__name__)

# Of a judged delivery `d`: releases took it in once more than they went on without it.
HELD = (
    "(SELECT count(*) FROM ledger.release_deliveries AS r WHERE (r.source, r.dataset, r.night, r.content_hash) "
    "= (d.source, d.dataset, d.night, d.content_hash)) > (SELECT count(*) FROM ledger.release_withdrawals AS w "
    "WHERE (w.source, w.dataset, w.night, w.content_hash) = (d.source, d.dataset, d.night, d.content_hash))"
)


def _list_releases(clauses: str, *values: object) -> list[Release]:
    return read_records(Catalog.WAREHOUSE, Release, f"ledger.releases {clauses}", values)


def _find_release(clauses: str, *values: object) -> Release | None:
    return next(iter(_list_releases(f"{clauses} LIMIT 1", *values)), None)


def release(night: date) -> Release | None:
    """The newest revision of the release of exactly this night, or of the bulk release that ends with it."""
    return _find_release("WHERE night = %s ORDER BY revision DESC", night)


def covering_release(night: date) -> Release | None:
    """The earliest release that has the night in it: its own, or the bulk release that spans it."""
    return _find_release("WHERE night >= %s AND first_night <= %s ORDER BY night, revision", night, night)


def release_named(name: str) -> Release | None:
    """The release of that id."""
    return _find_release("WHERE release_id = %s", name)


def latest_release(*, up_to: date | None = None) -> Release | None:
    """The head: the newest revision of the latest night released, or of the latest up to a night."""
    return _find_release(
        "WHERE night <= coalesce(%s, 'infinity'::date) ORDER BY night DESC, revision DESC", up_to
    )


def release_by(holder: str, kind: ReleaseKind) -> Release | None:
    """The newest release of a kind that a holder of the lease has published, such as a run of Airflow."""
    return _find_release("WHERE (built_by, kind) = (%s, %s) ORDER BY recorded_seq DESC", holder, str(kind))


def find_release_of_delivery(ref: DeliveryRef) -> Release | None:
    """The release that took a delivery in; None while none has."""
    return _find_release(
        "WHERE release_id IN (SELECT release_id FROM ledger.release_deliveries "
        "WHERE (source, dataset, night, content_hash) = (%s, %s, %s, %s)) ORDER BY recorded_seq",
        ref.source,
        ref.dataset,
        ref.night,
        ref.content_hash,
    )


def all_releases() -> list[Release]:
    """Every release, oldest first."""
    return _list_releases("ORDER BY recorded_seq")


def ancestors(name: str) -> list[Release]:
    """The releases that a release was built on, newest first."""
    return _list_releases(
        "WHERE release_id IN (WITH RECURSIVE chain AS ("
        "SELECT parent_release_id FROM ledger.releases WHERE release_id = %s "
        "UNION ALL SELECT r.parent_release_id FROM ledger.releases AS r "
        "JOIN chain ON r.release_id = chain.parent_release_id) SELECT parent_release_id FROM chain) "
        "ORDER BY night DESC, revision DESC",
        name,
    )


def find_degradations(release: Release, night: date) -> tuple[str, ...]:
    """Why a night of a release is degraded, by what it was built without; empty if it is sound."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        "SELECT audit -> 'degraded' -> %s FROM ledger.releases WHERE release_id = %s",
        (night.isoformat(), release.release_id),
    )
    return tuple(rows[0][0] or ())


def _list_deliveries(clauses: str, *values: object) -> list[DeliveryRef]:
    rows = read_rows(
        Catalog.WAREHOUSE,
        f"SELECT {delivery_store.COLUMNS} FROM ledger.judged_deliveries AS d WHERE {clauses}",
        values,
    )
    return [delivery_store.make_delivery(row) for row in rows]


def release_deliveries(name: str) -> list[DeliveryRef]:
    """The deliveries that a release itself took in, by night."""
    return _list_deliveries(
        "(source, dataset, night, content_hash) IN (SELECT source, dataset, night, content_hash "
        "FROM ledger.release_deliveries WHERE release_id = %s) ORDER BY night, source, dataset",
        name,
    )


def list_unreleased_deliveries(last: date) -> list[DeliveryRef]:
    """Accepted deliveries that arrived by the night `last` and that no release has taken in, oldest first."""
    return _list_deliveries(
        f"is_accepted AND greatest(night, arrival_night) <= %s AND NOT {HELD} "
        "ORDER BY night, source, dataset, recorded_seq",
        last,
    )


def list_withdrawn_deliveries() -> list[DeliveryRef]:
    """Deliveries that the head holds and that were refused since: the next build goes on without them."""
    return _list_deliveries(f"NOT is_accepted AND {HELD} ORDER BY night, source, dataset, recorded_seq")


def is_held(ref: DeliveryRef) -> bool:
    """Whether the head holds a delivery: some release took it in, and none since went on without it."""
    of_delivery = (ref.source, ref.dataset, ref.night, ref.content_hash)
    return bool(
        _list_deliveries(
            f"(source, dataset, night, content_hash) = (%s, %s, %s, %s) AND {HELD}", *of_delivery
        )
    )


def publish(
    candidate: Candidate,
    *,
    audit: dict[str, Any],
    git_sha: str,
    parent: Release | None,
    taken_in: Iterable[DeliveryRef],
    withdrawn: Iterable[DeliveryRef] = (),
    contents: dict[str, Content] | None = None,
) -> Release:
    """Make a candidate the release of its last night, in one transaction with its deliveries and contents.

    Raises:
        LeaseLost: if the candidate's token is no longer the lease's.
    """
    with ledger_transaction(Catalog.WAREHOUSE) as con, con.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(revision), 0) + 1 FROM ledger.releases WHERE night = %s", (candidate.last,)
        )
        ((revision,),) = cursor.fetchall()
        kept = ("kind", "snapshot_id", "delivery_set_hash", "code_hash", "shift_weeks", "reason")
        made = Release(
            release_id=release_id(candidate.last, revision),
            night=candidate.last,
            revision=revision,
            first_night=candidate.first,
            git_sha=git_sha,
            **{name: getattr(candidate, name) for name in kept},
        )
        values = {
            **asdict(made),
            "parent_release_id": parent.release_id if parent else None,
            "audit": audit,
            "built_by": candidate.holder,
            "fencing_token": candidate.token,
            "created_at": cutoff(candidate.last).replace(tzinfo=None),
        }
        insert_row(cursor, "releases", values)
        for table, refs in (("release_deliveries", taken_in), ("release_withdrawals", withdrawn)):
            execute_values(
                cursor,
                f"INSERT INTO ledger.{table} (release_id, source, dataset, night, content_hash) VALUES %s",
                [(made.release_id, d.source, d.dataset, d.night, d.content_hash) for d in refs],
            )
        _insert_contents(cursor, made.release_id, contents or {})
    _sign_release(made)
    trail.write_anchors(f"release {made.release_id}")
    return made


def _sign_release(made: Release) -> None:
    """Have a release signed. It is one all the same where that fails: `./redeye audit sign` makes it good."""
    try:
        signature_store.sign_row(Kind.RELEASE, {"release_id": made.release_id})
    except (SignerAway, SigningRefused, SignatureError) as error:
        log.warning("release %s is not signed: %s", made.release_id, error)


def contents(name: str) -> dict[str, Content]:
    """What each relation of a release held when it was recorded; empty if it was not."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        "SELECT relation, row_count, content_hash FROM ledger.release_contents WHERE release_id = %s",
        (name,),
    )
    key = read_key()
    return {
        relation: Content.reveal(count, digest, key, _name_place(name, relation))
        for relation, count, digest in rows
    }


def record_contents(name: str, held: dict[str, Content]) -> None:
    """Record what a release holds that was published without; what is recorded already stays."""
    with ledger_transaction(Catalog.WAREHOUSE) as con, con.cursor() as cursor:
        _insert_contents(cursor, name, held)


def _insert_contents(at: cursor, name: str, held: dict[str, Content]) -> None:
    key = read_key()
    execute_values(
        at,
        "INSERT INTO ledger.release_contents (release_id, relation, row_count, content_hash) VALUES %s "
        "ON CONFLICT DO NOTHING",
        [
            (name, relation, content.rows, content.hide(key, _name_place(name, relation)))
            for relation, content in held.items()
        ],
    )


def _name_place(release: str, relation: str) -> str:
    return f"{release} {relation}"


def record_code_nodes(code_hash: str, nodes: Iterable[CodeNode]) -> None:
    """Record the models of a version of the dbt project; again is no change."""
    with ledger_transaction(Catalog.WAREHOUSE) as con, con.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO ledger.code_nodes (code_hash, node_id, relation, checksum, depends_on) VALUES %s "
            "ON CONFLICT DO NOTHING",
            [(code_hash, n.node_id, n.relation, n.checksum, list(n.depends_on)) for n in nodes],
        )


def code_nodes(code_hash: str) -> list[CodeNode]:
    """The models of a version of the dbt project, by id; empty if it built before they were recorded."""
    return [
        CodeNode(node_id, relation, checksum, tuple(depends_on))
        for node_id, relation, checksum, depends_on in read_rows(
            Catalog.WAREHOUSE,
            "SELECT node_id, relation, checksum, depends_on FROM ledger.code_nodes WHERE code_hash = %s "
            "ORDER BY node_id",
            (code_hash,),
        )
    ]


# Gaps and audits


def gap_reason(night: date) -> str | None:
    """Why the warehouse goes on without a night, if it does and no release of it has come since."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        "SELECT reason FROM ledger.gaps WHERE night = %s "
        "AND NOT EXISTS (SELECT 1 FROM ledger.releases WHERE %s BETWEEN first_night AND night)",
        (night, night),
    )
    return str(rows[0][0]) if rows else None


def is_gap(night: date) -> bool:
    """Whether a night is a recorded gap."""
    return gap_reason(night) is not None


def record_audit(night: date, *, snapshot_id: int, is_success: bool, detail: dict[str, Any]) -> None:
    """Append the audit of a candidate, refused or not."""
    insert(
        Catalog.WAREHOUSE,
        "INSERT INTO ledger.audits (night, snapshot_id, is_success, detail) VALUES (%s, %s, %s, %s)",
        (night, snapshot_id, is_success, Json(detail)),
    )


# What a night's build may stand on


def missing_predecessor(first: date, head: Release | None) -> date | None:
    """The night that must be built before `first`, if there is one.

    Every night between the head and `first` must be a recorded gap. With nothing released yet there is
    nothing to wait for.
    """
    if head is None or head.night >= first:
        return None
    night = find_next_night(head.night)
    while night < first:
        if not is_gap(night):
            return night
        night = find_next_night(night)
    return None


# The online store's watermarks


def watermark(feature_view: str) -> date | None:
    """The night up to which a feature view is in the online store."""
    rows = read_rows(
        Catalog.WAREHOUSE,
        "SELECT max(night) FROM ledger.materializations WHERE feature_view = %s",
        (feature_view,),
    )
    return rows[0][0]


def record_materialization(feature_view: str, night: date, release_id: str) -> None:
    """Move a feature view's watermark forward; again is no change."""
    insert(
        Catalog.WAREHOUSE,
        "INSERT INTO ledger.materializations (feature_view, night, release_id) VALUES (%s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        (feature_view, night, release_id),
    )
