"""The ledger of actions: what people decided against a judgement, and why. Append-only by database rights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.postgres import ledger_transaction, read_records


@dataclass(frozen=True)
class Action:
    """What a person did.

    Attributes:
        recorded_at: by the database's clock.
        actor: who.
        action: what, such as `accept delivery`.
        subject: to what.
    """

    action_id: int
    recorded_at: datetime
    actor: str
    action: str
    subject: str
    reason: str


def record_action(*, actor: str, action: str, subject: str, reason: str) -> Action:
    """Record what a person is about to do, for good.

    Raises:
        ConfigError: if there is no reason.
    """
    if not reason.strip():
        raise ConfigError("a reason is needed: it is kept for good")
    with ledger_transaction(Catalog.WAREHOUSE) as con, con.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger.actions (actor, action, subject, reason) VALUES (%s, %s, %s, %s) "
            "RETURNING action_id, recorded_at, actor, action, subject, reason",
            (actor, action, subject, reason.strip()),
        )
        (row,) = cursor.fetchall()
    return Action(*row)


def list_actions() -> list[Action]:
    """What people did, oldest first."""
    return read_records(Catalog.WAREHOUSE, Action, "ledger.actions ORDER BY action_id", ())
