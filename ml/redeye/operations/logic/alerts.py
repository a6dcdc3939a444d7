"""Alerts: what an operator must hear of, once; grouped into messages, each with its section of the runbook.

An alert is known by its key. The same trouble has the same key at every look, so that it is told once
however often it is found; what goes on for weeks (a verdict, a full disk) has a key that changes seldom.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

# After the night's cutoff. As long the scoring DAG waits for a release before it falls back to the last good one.
RELEASE_DUE = timedelta(minutes=75)
# Another two hours: scoring itself takes minutes, and consumers read in the small hours.
PREDICTIONS_DUE = timedelta(minutes=105)
# A failure that nobody has mended for so long is history: it is in Airflow's own lists.
FAILED_WITHIN = timedelta(hours=36)
# Of one kind in one message; the rest is counted.
SHOWN = 5


class AlertKind(StrEnum):
    """Kinds of trouble; the value is the anchor of the runbook's section."""

    TASK_FAILED = "task-failed"
    AUDIT_REFUSED = "audit-refused"
    RELEASE_LATE = "release-late"
    PREDICTIONS_MISSING = "predictions-missing"
    PREDICTIONS_DEGRADED = "predictions-degraded"
    VERDICT = "verdict"
    DISK_BUDGET = "disk-budget"

    @property
    def heading(self) -> str:
        """In words, for headings."""
        return _HEADINGS.get(self, self.replace("-", " ").capitalize())

    @property
    def runbook(self) -> str:
        """Path of the runbook's section, below the address of Airflow's UI."""
        return f"/redeye/runbook#{self}"


_HEADINGS = {
    AlertKind.PREDICTIONS_DEGRADED: "Predictions degraded or stale",
    AlertKind.VERDICT: "Verdict on a model",
}


@dataclass(frozen=True)
class Alert:
    """One trouble.

    Attributes:
        key: what makes it the same trouble at the next look.
        text: one sentence or two: what, where, why.
        page: path of the page to look at, below the address of Airflow's UI.
    """

    kind: AlertKind
    key: str
    text: str
    night: date | None = None
    page: str = ""


@dataclass(frozen=True)
class Message:
    """Alerts told at once."""

    title: str
    body: str
    alerts: tuple[Alert, ...]


def message(alerts: Iterable[Alert], *, site: str, installation: str) -> Message | None:
    """One message out of all that is new; None if there is nothing to tell.

    Args:
        alerts: not told yet.
        site: address of Airflow's UI as people reach it, without a slash at its end.
        installation: its name, for the title.
    """
    every = sorted(alerts, key=lambda each: (list(AlertKind).index(each.kind), each.key))
    if not every:
        return None
    by_kind = {kind: list(found) for kind, found in groupby(every, key=lambda each: each.kind)}
    counted = ", ".join(f"{kind.heading.lower()} ({len(found)})" for kind, found in by_kind.items())
    parts = [_section(kind, found, site) for kind, found in by_kind.items()]
    return Message(f"{installation}: {counted}", "\n\n".join(parts) + "\n", tuple(every))


def _section(kind: AlertKind, found: Sequence[Alert], site: str) -> str:
    lines = [kind.heading]
    for alert in found[:SHOWN]:
        lines.append(f"- {alert.text}")
        if alert.page:
            lines.append(f"  {site}{alert.page}")
    if len(found) > SHOWN:
        lines.append(f"- and {len(found) - SHOWN} more")
    lines.append(f"What to do: {site}{kind.runbook}")
    return "\n".join(lines)


def may_send(now: datetime, tries: Sequence[tuple[bool, datetime]], interval: timedelta) -> bool:
    """Whether a message may go out: not within `interval` of the one before it, whatever has come up since.

    Args:
        now: the time.
        tries: whether each was delivered and when it was, the newest first; failed ones make the wait longer.
        interval: between two messages.
    """
    failures = next((count for count, (good, _) in enumerate(tries) if good), len(tries))
    if failures and now - tries[0][1] < wait_after(failures, interval):
        return False
    return all(now - sent_at >= interval for _, sent_at in tries[failures : failures + 1])


def wait_after(failures: int, interval: timedelta) -> timedelta:
    """How long to wait after so many failed tries to send: twice as long each time, four hours at most."""
    longest = timedelta(hours=4)
    if failures > 10:
        return longest
    return min(interval * 2**failures, longest) if failures else timedelta()
