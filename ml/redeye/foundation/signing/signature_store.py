"""The ledgers of signatures, one beside each lake's other ledgers. Append-only; any that verifies counts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json

from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import insert, read_rows
from redeye.foundation.settings import settings
from redeye.foundation.signing.ledger_rows import LEDGERS, SINCE
from redeye.foundation.signing.logic.statements import Kind, Signed
from redeye.foundation.signing.sign import Signer, sign_statement


def record_signature(catalog: Catalog, signed: Signed) -> None:
    """Keep a signed statement beside a lake's ledgers; the very same again is no change."""
    subject, text = Json(dict(signed.statement.subject)), signed.to_json()
    insert(
        catalog,
        "INSERT INTO ledger.signatures (kind, subject, signed) SELECT %s, %s, %s WHERE NOT EXISTS "
        "(SELECT 1 FROM ledger.signatures WHERE kind = %s AND subject = %s AND signed = %s)",
        (signed.statement.kind, subject, text, signed.statement.kind, subject, text),
    )


def sign_row(kind: Kind, subject: Mapping[str, Any]) -> Signed:
    """Sign a row of a ledger, by its key, and keep the signature beside it.

    Raises:
        SigningRefused: as `sign_statement`.
        SignerAway: as `sign_statement`.
    """
    signed = sign_statement(kind, subject)
    record_signature(LEDGERS[kind].catalog, signed)
    return signed


def sign_inherited() -> int:
    """Sign in this process every row that was in the ledgers before signatures came: the statement says that it was.

    Returns:
        How many.

    Raises:
        SignerAway: if the key is not this user's.
        SigningRefused: if a row is not as its entry of the trail has it.
    """
    signer = Signer(settings())
    try:
        unsigned = [(kind, row) for kind in LEDGERS for row in list_unsigned(kind) if row.is_inherited]
        for kind, row in unsigned:
            signed = signer.sign(kind, row.subject, {}, asked_by=os.geteuid())
            record_signature(LEDGERS[kind].catalog, signed)
    finally:
        signer.close()
    return len(unsigned)


@dataclass(frozen=True)
class UnsignedRow:
    """A row of a ledger that has no signature at all.

    Attributes:
        subject: its key.
        is_inherited: whether it was there before signatures came.
    """

    subject: Mapping[str, Any]
    is_inherited: bool


def list_unsigned(kind: Kind) -> list[UnsignedRow]:
    """The rows of a ledger without a signature, oldest first."""
    ledger = LEDGERS[kind]
    rows = read_rows(
        ledger.catalog,
        f"SELECT r.{ledger.key}, coalesce(t.entry < {SINCE}, false) FROM ledger.{ledger.name} AS r "
        f"LEFT JOIN ledger.trail AS t ON t.ledger = %s AND t.row_key = jsonb_build_object(%s, r.{ledger.key}) "
        "WHERE NOT EXISTS (SELECT 1 FROM ledger.signatures AS s WHERE s.kind = %s "
        f"AND s.subject = jsonb_build_object(%s, r.{ledger.key})) ORDER BY t.entry",
        (ledger.name, ledger.key, str(kind), ledger.key),
    )
    return [UnsignedRow({ledger.key: key}, is_inherited) for key, is_inherited in rows]
