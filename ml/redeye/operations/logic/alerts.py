"""Alerts: what an operator must hear of, once; grouped into messages, each with its section of the runbook.

An alert is known by its key. The same trouble has the same key at every look, so that it is told once
however often it is found. What lasts has a cause: it is told when it begins, and again when it is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

from redeye.champions.logic.verdicts import Verdict

# After the night's cutoff. As long the scoring DAG waits for a release before it falls back to the last good one.
RELEASE_DUE = timedelta(minutes=75)
# Another two hours: scoring itself takes minutes, and consumers read in the small hours.
PREDICTIONS_DUE = timedelta(minutes=105)
# Judging waits for the release and reads the outcomes that have come since; nobody waits for it at night.
JUDGEMENT_DUE = timedelta(hours=3)
# A failure that nobody has mended for so long is history: it is in Airflow's own lists.
FAILED_WITHIN = timedelta(hours=36)
# Of one kind in one message; the rest is counted.
SHOWN = 5


class AlertKind(StrEnum):
    """Kinds of trouble; the value is the anchor of the runbook's section."""

    TASK_FAILED = "task-failed"
    AUDIT_REFUSED = "audit-refused"
    RELEASE_LATE = "release-late"
    NO_SCHEDULE = "no-schedule"
    PREDICTIONS_MISSING = "predictions-missing"
    PREDICTIONS_DEGRADED = "predictions-degraded"
    NIGHTS_UNFINISHED = "nights-unfinished"
    APPROVAL_WAITING = "approval-waiting"
    VERDICT = "verdict"
    DISK_BUDGET = "disk-budget"
    NOT_SIGNED = "not-signed"

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
    AlertKind.NIGHTS_UNFINISHED: "Nights not finished",
    AlertKind.APPROVAL_WAITING: "A promotion waits for approval",
}


# What is said of each trouble, by how its key begins.
TEXTS: dict[str, tuple[AlertKind, str]] = {
    "task": (AlertKind.TASK_FAILED, "{dag_id}: {task_id} failed in run {run_id}"),
    "audit": (AlertKind.AUDIT_REFUSED, "The audit refused the release of night {night}: {reason}"),
    "delivery": (
        AlertKind.AUDIT_REFUSED,
        "The audit refused a delivery, {source} {dataset} of night {night}: {reason}",
    ),
    "late": (
        AlertKind.RELEASE_LATE,
        "Night {night} has no release: it was due at {due:%H:%M %Z} and is no recorded gap",
    ),
    "late-over": (AlertKind.RELEASE_LATE, "Over: night {night} has a release now, or is a recorded gap"),
    "no-schedule": (
        AlertKind.NO_SCHEDULE,
        "No schedule of {day} was accepted: night {night} can predict nothing that is known to happen",
    ),
    "no-schedule-over": (AlertKind.NO_SCHEDULE, "Over: night {night} has an accepted schedule now"),
    "missing": (
        AlertKind.PREDICTIONS_MISSING,
        "{model} has no predictions for {day}: night {night} was not scored",
    ),
    "missing-over": (AlertKind.PREDICTIONS_MISSING, "Over: {model} has the predictions of night {night} now"),
    "degraded": (
        AlertKind.PREDICTIONS_DEGRADED,
        "{model}: {degraded} of {rows} predictions of night {night} are degraded: {degraded_reason}",
    ),
    "unfinished": (AlertKind.NIGHTS_UNFINISHED, "{model}: {nights} not {stages}{detail}"),
    "unfinished-over": (AlertKind.NIGHTS_UNFINISHED, "Over: {model} has all of night {night} now"),
    "approval": (
        AlertKind.APPROVAL_WAITING,
        "{model}: version {version} ({algorithm}) of night {night} passed every gate and waits for a person {since}",
    ),
    "approval-over": (AlertKind.APPROVAL_WAITING, "Over: {model} version {version} was decided about"),
    "verdict": (AlertKind.VERDICT, "{model}: the verdict is {verdict} since night {since}: {reason}"),
    "verdict-over": (
        AlertKind.VERDICT,
        "Over: {model} had {cause} as a reason for its verdict from night {since} to night {last}",
    ),
    "disk": (AlertKind.DISK_BUDGET, "{usage}"),
    "unsigned": (
        AlertKind.NOT_SIGNED,
        "{model}: nobody vouches for promotion {promotion_id} of version {version}, and who served before serves on: "
        "{why}",
    ),
    "unsigned-release": (AlertKind.NOT_SIGNED, "Nobody vouches for release {release_id}: {why}"),
}


@dataclass(frozen=True)
class Alert:
    """One trouble, or that it is over.

    Attributes:
        key: what makes it the same trouble at the next look.
        text: one sentence or two: what, where, why.
        page: path of the page to look at, below the address of Airflow's UI.
        action: path of the page whose button mends it, below the same; empty if there is none.
        ends: keys of the alerts that it says are over; it goes to whom one of them was told. Empty: it stands.
    """

    kind: AlertKind
    key: str
    text: str
    night: date | None = None
    page: str = ""
    ends: frozenset[str] = frozenset()
    action: str = ""


def make_alert(
    key: str,
    *,
    night: date | None = None,
    page: str = "",
    action: str = "",
    ends: Iterable[str] = (),
    **facts: object,
) -> Alert:
    """An alert in the words of `TEXTS`, which `night` and `facts` are put into.

    Raises:
        KeyError: if no text belongs to the key, or a fact is missing.
    """
    kind, text = TEXTS[key.partition("/")[0]]
    return Alert(kind, key, text.format(**facts, night=night), night, page, frozenset(ends), action)


def select_untold(alerts: Iterable[Alert], told: Collection[str]) -> list[Alert]:
    """Those that an address has not been told, by the keys of all that it was told."""
    return [alert for alert in alerts if alert.key not in told and (not alert.ends or alert.ends & set(told))]


@dataclass(frozen=True)
class CauseStretch:
    """Nights in a row whose verdicts name one cause.

    Attributes:
        verdict: the gravest of these nights because of it.
        reason: the last night's, in words.
        is_standing: whether it lasts until the newest verdict.
    """

    cause: str
    since: date
    last: date
    verdict: Verdict
    reason: str
    is_standing: bool = False


def list_cause_stretches(verdicts: Iterable[Mapping[str, Any]]) -> list[CauseStretch]:
    """Every stretch of every cause.

    Args:
        verdicts: rows of all nights with `night`, `verdict`, `reasons` and `causes`, by night. Those of earlier
            code name no causes: their verdict stands for one.
    """
    over: list[CauseStretch] = []
    standing: dict[str, CauseStretch] = {}
    for row in verdicts:
        named = _read_causes(row)
        over += [standing.pop(cause) for cause in list(standing) if cause not in named]
        for cause, (verdict, reason) in named.items():
            before = standing.get(cause)
            since = before.since if before else row["night"]
            gravest = max(verdict, before.verdict if before else verdict, key=list(Verdict).index)
            standing[cause] = CauseStretch(cause, since, row["night"], gravest, reason)
    return [*over, *(replace(each, is_standing=True) for each in standing.values())]


def _read_causes(row: Mapping[str, Any]) -> dict[str, tuple[Verdict, str]]:
    """By cause the gravest verdict because of it, and the reasons."""
    if row.get("causes") is None:
        verdict = Verdict(row["verdict"])
        return {} if verdict is Verdict.OK else {f"verdict {verdict}": (verdict, row["reasons"])}
    found: dict[str, tuple[Verdict, str]] = {}
    for said, reason in zip(
        filter(None, row["causes"].split("; ")), row["reasons"].split("; "), strict=False
    ):
        verdict, _, cause = said.partition(": ")
        gravest, reasons = found.get(cause, (Verdict(verdict), ""))
        found[cause] = gravest, f"{reasons}; {reason}" if reasons else reason
    return found


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
        if alert.action:
            lines.append(f"  Mend it: {site}{alert.action}")
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
