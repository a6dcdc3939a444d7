"""Holding rows of ledgers against their signatures: with public keys alone, and once for each row in a process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from redeye.foundation.errors import SignatureError
from redeye.foundation.postgres import read_rows
from redeye.foundation.settings import settings
from redeye.foundation.signing.ledger_rows import LEDGERS, is_same_row
from redeye.foundation.signing.logic.statements import Kind, Signed, parse_json, write_canonical
from redeye.foundation.signing.public_keys import find_public_path, parse_public_keys, verify

UNSIGNED = "it is not signed"


def find_faults(
    kind: Kind, clause: str = "", parameters: tuple[Any, ...] = (), *, keys: str | None = None
) -> dict[Any, str]:
    """Why a ledger's rows are not vouched for, by their keys; rows that are vouched for have no entry.

    Args:
        kind: of the rows.
        clause: of SQL, which rows `r`, such as `WHERE r.model = %s`; all of them if empty.
        parameters: of the clause.
        keys: public keys, as in a file; the installation's if None.

    Raises:
        SignatureError: if the installation's public keys cannot be read.
    """
    ledger = LEDGERS[kind]
    also = "".join(f", ({query})::text" for query in ledger.also.values())
    rows = read_rows(
        ledger.catalog,
        f"SELECT r.{ledger.key}, to_jsonb(r)::text, t.entry, t.hash, "
        "ARRAY(SELECT s.signed FROM ledger.signatures AS s WHERE s.kind = %s "
        f"AND s.subject = jsonb_build_object(%s, r.{ledger.key}) ORDER BY s.signature_id){also} "
        f"FROM ledger.{ledger.name} AS r LEFT JOIN LATERAL (SELECT entry, hash FROM ledger.trail "
        f"WHERE ledger = %s AND row_key = jsonb_build_object(%s, r.{ledger.key}) ORDER BY entry LIMIT 1) AS t ON true "
        f"{clause}",
        (str(kind), ledger.key, ledger.name, ledger.key, *parameters),
    )
    known = _read_keys() if keys is None else keys
    faults = {}
    for key, row, entry, digest, signatures, *rest in rows:
        subject = write_canonical({ledger.key: key})
        why = _find_fault(kind, subject, row, tuple(rest), entry, digest, tuple(signatures), known)
        if why:
            faults[key] = why
    return faults


def _read_keys() -> str:
    path = find_public_path(settings())
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SignatureError(f"{path} cannot be read as public keys: {error}") from error


@lru_cache(maxsize=4096)
def _find_fault(
    kind: Kind,
    subject: str,
    row: str,
    rest: tuple[str | None, ...],
    entry: int | None,
    digest: str | None,
    signatures: tuple[str, ...],
    keys_text: str,
) -> str:
    """Empty if any of the signatures vouches for the row, else what is wrong with the last one."""
    why = UNSIGNED
    keys = parse_public_keys(keys_text) if keys_text else {}
    for text in signatures:
        try:
            signed = Signed.from_json(text)
            verify(signed, keys)
            _compare(kind, subject, row, rest, entry, digest, signed)
        except SignatureError as error:
            why = str(error)
        else:
            return ""
    return why


def _compare(
    kind: Kind,
    subject: str,
    row: str,
    rest: tuple[str | None, ...],
    entry: int | None,
    digest: str | None,
    signed: Signed,
) -> None:
    said = signed.statement
    if said.kind != kind or write_canonical(said.subject) != subject:
        raise SignatureError("its signature is of something else")
    stated, now = said.content.get("row", {}), parse_json(row)
    if not is_same_row(stated, now):
        names = sorted(
            name for name, value in stated.items() if write_canonical(now.get(name)) != write_canonical(value)
        )
        raise SignatureError(f"it is not as it was signed: {', '.join(names)} differ")
    if (said.content.get("entry"), said.content.get("entry_hash")) != (entry, digest):
        raise SignatureError(
            f"its entry of the trail is another than the one that was signed, {said.content.get('entry')}"
        )
    for name, text in zip(LEDGERS[kind].also, rest, strict=True):
        held, was = parse_json(text) if text else {}, said.content.get(name, {})
        # What was recorded afterwards of a release from before is not in its statement.
        differs = sorted(
            each for each in was if write_canonical(held.get(each)) != write_canonical(was[each])
        )
        if differs:
            raise SignatureError(f"its {name} are not as they were signed: {', '.join(differs)} differ")
