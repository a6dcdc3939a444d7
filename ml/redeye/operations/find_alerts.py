"""What is wrong on a night, as alerts: read off what the ledgers and the outputs say.

The page shows them and the watch sends them: one list. Failed tasks come from Airflow and are added by
whoever can ask it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import takewhile
from textwrap import shorten
from typing import Any, NamedTuple

from redeye.declarations.calendar import coming_day, cutoff, find_complete_night
from redeye.foundation.disk import Level, Usage
from redeye.operations.logic.alerts import PREDICTIONS_DUE, RELEASE_DUE, Alert, AlertKind
from redeye.operations.model_status import ModelState
from redeye.operations.night_status import Morning
from redeye.sources.logic.deliveries import Source

# Nights back from the newest that are still worth a message; older trouble is history.
RECENT = timedelta(days=3)
# Of a verdict, in an alert; the page has all of it.
REASON_LENGTH = 200


class TaskFailure(NamedTuple):
    """A task that failed for good, as Airflow has it."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int


def find_alerts(morning: Morning, *, now: datetime, source: Source | None) -> list[Alert]:
    """What is wrong after the night shown and the nights just before it.

    Args:
        morning: the night.
        now: what is late goes by it.
        source: whose calendar says which nights are due by now; None if nothing is due by the clock.
    """
    alerts = [*_find_refused(morning), *_find_late(morning, now, source)]
    for state in morning.models:
        alerts += [*_find_degraded(morning, state.spec.model), *_find_verdict(state)]
    return alerts


def find_task_alerts(failures: Iterable[TaskFailure]) -> list[Alert]:
    """An alert for each task that failed for good; a later try of it is another trouble."""
    return [
        Alert(
            AlertKind.TASK_FAILED,
            f"task/{each.dag_id}/{each.run_id}/{each.task_id}/{each.map_index}/{each.try_number}",
            f"{each.dag_id}: {each.task_id} failed in run {each.run_id}",
            page=f"/dags/{each.dag_id}/runs/{each.run_id}/tasks/{each.task_id}",
        )
        for each in failures
    ]


def find_disk_alerts(usage: Usage, night: date | None, now: datetime) -> list[Alert]:
    """One alert a week while the home takes more than its share of the budget."""
    if usage.level is Level.OK:
        return []
    year, week, _ = now.isocalendar()
    key = f"disk/{usage.level}/{year}-{week:02d}"
    return [Alert(AlertKind.DISK_BUDGET, key, usage.summary(), night, "/redeye/alerts")]


def find_due_night(now: datetime, source: Source | None) -> date | None:
    """The last night that has ended by `now` on the source's calendar; None outside of it."""
    if source is None or not source.is_prompt:
        return None
    ended = find_complete_night(now)
    return ended if source.first_night <= ended <= source.last_night else None


def read_reason(detail: Mapping[str, Any] | None) -> str:
    """The first failure of an audit in words, and how many more there are."""
    found = read_failures(detail)
    if not found:
        return "no failure is recorded"
    first = found[0]
    where = f", column {first['column']}" if first.get("column") else ""
    text = f"{first['suite']}: {first['expectation']}{where}: {first['observed']}"
    return text if len(found) == 1 else f"{text} (and {len(found) - 1} more)"


def read_failures(detail: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Every failure of an audit as the ledger has it, of one suite or of several."""
    if not detail:
        return []
    suites: Sequence[Mapping[str, Any]] = detail.get("suites") or [detail]
    return [dict(failure) for suite in suites for failure in suite.get("failures", [])]


def _find_refused(morning: Morning) -> Iterator[Alert]:
    since = morning.night - RECENT
    for row in morning.records.audits:
        if not row["is_success"] and row["night"] >= since:
            text = f"The audit refused the release of night {row['night']}: {read_reason(row['detail'])}"
            key = f"audit/{row['night']}/{row['snapshot_id']}"
            yield _of_night(AlertKind.AUDIT_REFUSED, key, text, row["night"])
    for row in morning.records.refused:
        if row["night"] >= since:
            what = f"{row['source']} {row['dataset']} of night {row['night']}"
            text = f"The audit refused a delivery, {what}: {read_reason(row['audit'])}"
            key = f"delivery/{row['source']}/{row['dataset']}/{row['night']}/{row['content_hash']}"
            yield _of_night(AlertKind.AUDIT_REFUSED, key, text, row["night"])


def _find_late(morning: Morning, now: datetime, source: Source | None) -> Iterator[Alert]:
    due = find_due_night(now, source)
    if due is None:
        return
    state = next((each for each in morning.strip if each.night == due), None)
    release_due = cutoff(due) + RELEASE_DUE
    if (state is None or state.release == "missing") and now >= release_due:
        text = f"Night {due} has no release: it was due at {release_due:%H:%M} UTC and is no recorded gap"
        yield _of_night(AlertKind.RELEASE_LATE, f"late/{due}", text, due)
    if now >= cutoff(due) + PREDICTIONS_DUE:
        scored = state.scored if state else {}
        for model in (each.spec.model for each in morning.models if each.champion is not None):
            if model not in scored:
                text = f"{model} has no predictions for {coming_day(due)}: night {due} was not scored"
                yield _of_night(AlertKind.PREDICTIONS_MISSING, f"missing/{model}/{due}", text, due)


def _find_degraded(morning: Morning, model: str) -> Iterator[Alert]:
    for state in morning.strip:
        row = state.scored.get(model)
        if row is not None and row["degraded"] and state.night >= morning.night - RECENT:
            text = (
                f"{model}: {row['degraded']} of {row['rows']} predictions of night {state.night} are degraded: "
                f"{row['degraded_reason']}"
            )
            key = f"degraded/{model}/{state.night}"
            yield _of_night(AlertKind.PREDICTIONS_DEGRADED, key, text, state.night)


def _find_verdict(state: ModelState) -> Iterator[Alert]:
    """The verdict, while it is not `ok`: once for each stretch of nights that say the same."""
    if state.verdict is None or state.verdict["verdict"] == "ok":
        return
    model, reported = state.spec.model, state.verdict["verdict"]
    stretch = takewhile(lambda row: row["verdict"] == reported, reversed(state.verdicts))
    since = min((row["night"] for row in stretch), default=state.verdict["night"])
    why = shorten(state.verdict["reasons"] or "no reason is recorded", REASON_LENGTH, placeholder=" …")
    text = f"{model}: the verdict is {reported} since night {since}: {why}"
    key = f"verdict/{model}/{reported}/{since}"
    yield Alert(AlertKind.VERDICT, key, text, state.verdict["night"], f"/redeye/models/{model}")


def _of_night(kind: AlertKind, key: str, text: str, night: date) -> Alert:
    return Alert(kind, key, text, night, f"/redeye/nights/{night}")
