"""What is wrong on a night, as alerts: read off what the ledgers and the outputs say.

The page shows them and the watch sends them: one list. Failed tasks come from Airflow and are added by
whoever can ask it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from textwrap import shorten
from typing import Any

from redeye.declarations.calendar import cutoff, find_night
from redeye.foundation.disk import Level, Usage
from redeye.operations.logic.alerts import PREDICTIONS_DUE, RELEASE_DUE, Alert, AlertKind
from redeye.operations.model_status import ModelState
from redeye.operations.night_status import Morning
from redeye.sources.logic.deliveries import Source

# Nights back from the newest that are still worth a message; older trouble is history.
RECENT = timedelta(days=3)
# Of a verdict, in an alert; the page has all of it.
REASON_LENGTH = 200


@dataclass(frozen=True)
class TaskFailure:
    """A task that failed for good, as Airflow has it."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    ended_at: str


def find_alerts(morning: Morning, *, now: datetime, source: Source | None) -> list[Alert]:
    """What is wrong after the night shown and the nights just before it.

    Args:
        morning: the night.
        now: what is late goes by it.
        source: whose calendar says which nights are due by now; None if nothing is due by the clock.
    """
    return [
        *_find_refused(morning),
        *_late(morning, now, source),
        *(alert for state in morning.models for alert in (*_predictions(morning, state), *_verdict(state))),
    ]


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
    running = find_night(now)
    ended = running if cutoff(running) <= now else running - timedelta(days=1)
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


def _find_refused(morning: Morning) -> list[Alert]:
    since, alerts = morning.night - RECENT, []
    for row in morning.records.audits:
        if row["is_success"] or row["night"] < since:
            continue
        text = f"The audit refused the release of night {row['night']}: {read_reason(row['detail'])}"
        key = f"audit/{row['night']}/{row['snapshot_id']}"
        alerts.append(Alert(AlertKind.AUDIT_REFUSED, key, text, row["night"], _page(row["night"])))
    for row in morning.records.refused:
        if row["night"] < since:
            continue
        what = f"{row['source']} {row['dataset']} of night {row['night']}"
        text = f"The audit refused a delivery, {what}: {read_reason(row['audit'])}"
        key = f"delivery/{row['source']}/{row['dataset']}/{row['night']}/{row['content_hash']}"
        alerts.append(Alert(AlertKind.AUDIT_REFUSED, key, text, row["night"], _page(row["night"])))
    return alerts


def _late(morning: Morning, now: datetime, source: Source | None) -> list[Alert]:
    due = find_due_night(now, source)
    if due is None:
        return []
    alerts = []
    states = {state.night: state for state in morning.strip}
    standing = states[due].release if due in states else "missing"
    if standing == "missing" and now >= cutoff(due) + RELEASE_DUE:
        text = (
            f"Night {due} has no release: it was due at {cutoff(due) + RELEASE_DUE:%H:%M} UTC "
            "and is no recorded gap"
        )
        alerts.append(Alert(AlertKind.RELEASE_LATE, f"late/{due}", text, due, _page(due)))
    if now >= cutoff(due) + PREDICTIONS_DUE:
        for state in morning.models:
            model = state.spec.model
            if state.champion is not None and not (due in states and model in states[due].scored):
                text = f"{model} has no predictions for {due + timedelta(days=1)}: night {due} was not scored"
                key = f"missing/{model}/{due}"
                alerts.append(Alert(AlertKind.PREDICTIONS_MISSING, key, text, due, _page(due)))
    return alerts


def _predictions(morning: Morning, state: ModelState) -> list[Alert]:
    model, alerts = state.spec.model, []
    for night in morning.strip:
        row = night.scored.get(model)
        if row is None or not row["degraded"] or night.night < morning.night - RECENT:
            continue
        text = (
            f"{model}: {row['degraded']} of {row['rows']} predictions of night {night.night} are degraded: "
            f"{row['degraded_reason']}"
        )
        key = f"degraded/{model}/{night.night}"
        alerts.append(Alert(AlertKind.PREDICTIONS_DEGRADED, key, text, night.night, _page(night.night)))
    return alerts


def _verdict(state: ModelState) -> list[Alert]:
    """The verdict, while it is not `ok`: once for each stretch of nights that say the same."""
    if state.verdict is None or state.verdict["verdict"] == "ok":
        return []
    reported, since = state.verdict["verdict"], state.verdict["night"]
    for row in reversed(state.verdicts):
        if row["verdict"] != reported:
            break
        since = row["night"]
    model = state.spec.model
    why = shorten(state.verdict["reasons"] or "no reason is recorded", REASON_LENGTH, placeholder=" …")
    text = f"{model}: the verdict is {reported} since night {since}: {why}"
    page = f"/redeye/models/{model}"
    return [
        Alert(AlertKind.VERDICT, f"verdict/{model}/{reported}/{since}", text, state.verdict["night"], page)
    ]


def _page(night: date) -> str:
    return f"/redeye/nights/{night}"
