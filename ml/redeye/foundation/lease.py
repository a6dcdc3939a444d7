"""The lease over a lake's head: one writer at a time, and a fencing token that Postgres checks.

Holding it is not what keeps others out; the token is. Every commit to the lake and every row in a
ledger names it, and the database refuses one that is not the lease's.

Who may take it, and for how long, is SQL: the newest `acquire_lease` in `schema/`. What its holder left half done is
gone on with in `redeye.warehouse.build`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stamina

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import LeaseHeld, LeaseLost
from redeye.foundation.postgres import insert_row, ledger_transaction, read_rows
from redeye.foundation.settings import settings

# For a block of seconds: others need not wait long for a holder that died in it.
SHORT_TTL_SECONDS = 60


def _ask(catalog: Catalog, sql: str, parameters: tuple[object, ...]) -> object:
    rows = read_rows(catalog, sql, parameters)
    return rows[0][0] if rows else None


def acquire(
    catalog: Catalog, holder: str, *, wait_seconds: int | None = None, ttl_seconds: int | None = None
) -> int:
    """Take the lease, waiting for another holder to let go or to run out.

    Args:
        catalog: the lake to write to.
        holder: who asks. The same holder takes it over from itself at once, with a new token, so that a
            retry fences off its own predecessor.
        wait_seconds: how long to wait; the setting `lease_wait_seconds` by default.
        ttl_seconds: after this, if not renewed, others may take it; `lease_ttl_seconds` by default.

    Returns:
        The fencing token.

    Raises:
        LeaseHeld: if it did not come free in time.
    """
    wait = settings().lease_wait_seconds if wait_seconds is None else wait_seconds
    ttl = settings().lease_ttl_seconds if ttl_seconds is None else ttl_seconds
    for attempt in stamina.retry_context(
        on=LeaseHeld, attempts=None, timeout=max(wait, 0.001), wait_initial=0.2, wait_max=5.0
    ):
        with attempt:
            got = _ask(catalog, "SELECT ledger.acquire_lease(%s, %s)", (holder, ttl))
            if got is None:
                current = _ask(catalog, "SELECT holder || ' until ' || expires_at FROM ledger.lease", ())
                raise LeaseHeld(
                    f"the lease of {catalog} is held by {current}; {holder} waited up to {wait} s "
                    "(REDEYE_LEASE_WAIT_SECONDS). If that holder is dead, the lease runs out by itself."
                )
            return int(str(got))
    raise LeaseHeld(f"the lease of {catalog} was not acquired by {holder}")


def renew(catalog: Catalog, token: int) -> None:
    """Extend the lease by its time to live.

    Raises:
        LeaseLost: if someone else has taken it since.
    """
    if not _ask(catalog, "SELECT ledger.renew_lease(%s, %s)", (token, settings().lease_ttl_seconds)):
        raise LeaseLost(f"the lease of {catalog} with token {token} was taken over: start this step again")


def release(catalog: Catalog, token: int) -> None:
    """Let go. Nothing happens if the lease is someone else's by now."""
    _ask(catalog, "SELECT ledger.release_lease(%s)", (token,))


@contextmanager
def hold(catalog: Catalog, holder: str, *, ttl_seconds: int = SHORT_TTL_SECONDS) -> Iterator[int]:
    """Hold the lease for a short block that commits once; yields the fencing token."""
    token = acquire(catalog, holder, ttl_seconds=ttl_seconds)
    try:
        yield token
    finally:
        release(catalog, token)


def insert_fenced(
    catalog: Catalog, holder: str, table: str, values: Mapping[str, Any], clause: str = ""
) -> None:
    """Add a row to a ledger under the lease, with its token, in a transaction of its own.

    Raises:
        LeaseHeld: if the lease did not come free.
    """
    with hold(catalog, holder) as token, ledger_transaction(catalog) as con, con.cursor() as cursor:
        insert_row(cursor, table, {**values, "fencing_token": token}, clause)
