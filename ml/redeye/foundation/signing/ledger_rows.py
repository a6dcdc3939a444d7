"""Rows of ledgers as they are stated: the signer reads them itself, so that it states what the ledger says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import SigningRefused
from redeye.foundation.postgres import ledger_transaction, read_rows
from redeye.foundation.signing.logic.statements import Kind, parse_json, write_canonical

_ID_DIGITS = 16


@dataclass(frozen=True)
class SignedLedger:
    """A ledger whose rows are signed.

    Attributes:
        key: the column that is its key.
        also: SQL of what is stated beside a row `r`, as JSON, by name.
    """

    catalog: Catalog
    name: str
    key: str
    also: Mapping[str, str]


LEDGERS: Mapping[Kind, SignedLedger] = {
    Kind.PROMOTION: SignedLedger(Catalog.OUTPUTS, "promotions", "promotion_id", {}),
    Kind.RELEASE: SignedLedger(
        Catalog.WAREHOUSE,
        "releases",
        "release_id",
        {
            "contents": "SELECT jsonb_object_agg(relation, jsonb_build_array(row_count, content_hash)) "
            "FROM ledger.release_contents AS c WHERE c.release_id = r.release_id"
        },
    ),
}
# The first migration that signatures came with: what was in the ledgers by then was signed afterwards.
SINCE = (
    "(SELECT min(entry) FROM ledger.trail WHERE ledger = 'schema' "
    "AND content ? 'trigger record on ledger.signatures')"
)


def read_content(kind: Kind, subject: Mapping[str, Any]) -> dict[str, Any]:
    """What is stated of a row: as it came into the ledger, with its entry of the trail, and what belongs to it.

    Args:
        kind: of a ledger's rows.
        subject: the row's key.

    Raises:
        SigningRefused: if the ledger has no such row, or the row is not as its entry of the trail has it.
    """
    ledger = LEDGERS[kind]
    if set(subject) != {ledger.key}:
        raise SigningRefused(f"a {kind} is named by its {ledger.key} alone, not by {sorted(subject)}")
    also = "".join(f", ({query})::text" for query in ledger.also.values())
    with ledger_transaction(ledger.catalog) as con, con.cursor() as at:
        # One row has one text, as in the trail.
        at.execute("SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 1")
        at.execute(
            f"SELECT t.entry, t.hash, t.content::text, coalesce(t.entry < {SINCE}, false), to_jsonb(r)::text{also} "
            f"FROM ledger.{ledger.name} AS r LEFT JOIN ledger.trail AS t "
            f"ON t.ledger = %s AND t.row_key = jsonb_build_object(%s, r.{ledger.key}) "
            f"WHERE r.{ledger.key}::text = %s ORDER BY t.entry LIMIT 1",
            (ledger.name, ledger.key, str(subject[ledger.key])),
        )
        row = at.fetchone()
    if row is None:
        raise SigningRefused(
            f"the ledger has no {kind} {write_canonical(subject)}: nothing is signed about it"
        )
    entry, digest, written, is_inherited, now, *rest = row
    if entry is None or not is_same_row(parse_json(written), parse_json(now)):
        raise SigningRefused(
            f"{kind} {write_canonical(subject)} is not as the trail has it: `./redeye audit verify` says what changed"
        )
    return {
        "row": parse_json(written),
        "entry": entry,
        "entry_hash": digest,
        "is_inherited": is_inherited,
        **{name: parse_json(text) if text else {} for name, text in zip(ledger.also, rest, strict=True)},
    }


def is_same_row(stated: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a row is as it was stated; a column that a later revision added says nothing of that."""
    return write_canonical(stated) == write_canonical({name: now[name] for name in stated if name in now})


def read_installation() -> str:
    """What names this installation in its statements: of the first entry of the outputs' trail.

    Raises:
        SigningRefused: if its ledgers were never migrated.
    """
    rows = read_rows(Catalog.OUTPUTS, "SELECT hash FROM ledger.trail WHERE entry = 1")
    if not rows:
        raise SigningRefused(
            "the outputs' trail has no entry yet: start the stack, which migrates the ledgers"
        )
    return str(rows[0][0])[:_ID_DIGITS]
