"""Alerts on their way out, through apprise, and the ledger of what was told.

An address is a URL that apprise reads: `mailtos://…`, `slack://…`, `json://…` and a hundred more. The ledger
names it without its secrets. Of two processes that tell at once, one waits for the other.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.postgres import ledger_transaction
from redeye.operations.logic.alerts import Alert, Message, may_send, select_untold

log = logging.getLogger(__name__)

# Stands for "telling alerts" among Postgres's advisory locks; any constant that nobody else uses.
_LOCK = 5_207_331


class Target(NamedTuple):
    """One address: its URL for apprise; its name without secrets, with a hash that tells two of one sort apart."""

    name: str
    url: str


def targets(urls: str) -> list[Target]:
    """The addresses of a setting, which are separated by white space.

    Raises:
        ConfigError: naming the one that apprise does not understand.
    """
    import apprise

    found = []
    for position, url in enumerate(urls.split(), start=1):
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None:
            what = f"address {position} ({url.partition(':')[0]}://…)"
            raise ConfigError(f"REDEYE_ALERT_URLS: apprise does not understand {what}")
        digest = hashlib.sha256(url.encode()).hexdigest()[:8]
        found.append(Target(f"{service.url(privacy=True).partition('?')[0]} [{digest}]", url))
    return found


def send_due_alerts(
    target: Target,
    alerts: Iterable[Alert],
    *,
    now: datetime,
    interval: timedelta,
    compose: Callable[[Sequence[Alert]], Message | None],
) -> Message | None:
    """Send what the address has not been told yet, in one message, unless the last one is too recent.

    Of all `alerts` that stand, `compose` makes the message of those that are new. What was sent is recorded after it
    went out: a process that dies in between tells it twice, never not at all.

    Returns:
        The message that was delivered, if there was one.
    """
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as at:
        at.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        at.execute("SELECT alert_key FROM ledger.alerts WHERE target = %s", (target.name,))
        reported = {row[0] for row in at.fetchall()}
        message = compose(select_untold(alerts, reported))
        at.execute(
            "SELECT is_delivered, sent_at FROM ledger.alert_messages WHERE target = %s "
            "ORDER BY message_id DESC LIMIT 20",
            (target.name,),
        )
        if message is None or not may_send(now, at.fetchall(), interval):
            return None
        is_delivered = send_message(target, message)
        at.execute(
            "INSERT INTO ledger.alert_messages (target, title, body, is_delivered, sent_at) "
            "VALUES (%s, %s, %s, %s, %s) RETURNING message_id",
            (target.name, message.title, message.body, is_delivered, now),
        )
        row = at.fetchone()
        if not is_delivered or row is None:
            return None
        for alert in message.alerts:
            at.execute(
                "INSERT INTO ledger.alerts (alert_key, target, kind, text, night, page, message_id) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (alert.key, target.name, str(alert.kind), alert.text, alert.night, alert.page, row[0]),
            )
    return message


def history(*, limit: int) -> list[dict[str, Any]]:
    """The last alerts told, and the tries that failed, the newest first."""
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as at:
        at.execute(
            "SELECT m.sent_at, m.target, m.title, m.is_delivered, a.kind, a.text, a.night, a.page "
            "FROM ledger.alert_messages AS m LEFT JOIN ledger.alerts AS a USING (message_id) "
            "ORDER BY m.message_id DESC, a.alert_key LIMIT %s",
            (limit,),
        )
        names = [column.name for column in at.description or []]
        return [dict(zip(names, row, strict=True)) for row in at.fetchall()]


def send_message(target: Target, message: Message) -> bool:
    """Whether the address took the message."""
    import apprise

    service = apprise.Apprise()
    service.add(target.url)
    is_delivered = bool(
        service.notify(
            title=message.title,
            body=message.body,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=apprise.NotifyType.WARNING,
        )
    )
    if not is_delivered:
        log.warning("%s did not take the message %r", target.name, message.title)
    return is_delivered
