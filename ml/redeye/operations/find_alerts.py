"""What is wrong on a night, as alerts: read off what the ledgers and the outputs say.

The page shows them and the watch sends them: one list. Failed tasks come from Airflow and are added by
whoever can ask it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from textwrap import shorten
from typing import Any, NamedTuple
from urllib.parse import quote

from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import coming_day, count_nights, cutoff, read_local, shift_nights
from redeye.foundation.disk import Level, Usage
from redeye.operations.logic.alerts import (
    PREDICTIONS_DUE,
    RELEASE_DUE,
    Alert,
    list_cause_stretches,
    make_alert,
)
from redeye.operations.logic.lights import Light, Stage, list_stretches
from redeye.operations.model_status import ModelState
from redeye.operations.night_status import Morning, find_due_night
from redeye.sources.expected_deliveries import expects_schedule
from redeye.sources.logic.deliveries import Source

# Nights back from the newest that are still worth a message; older trouble is history.
RECENT = 3
# Of a verdict, in an alert; the page has all of it.
REASON_LENGTH = 200
# A candidate that waits for a person is told of again after so many days.
WAITED_DAYS = (0, 1, 3, 7, 14, 30)


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
    alerts = [
        *_find_refused(morning),
        *_find_late(morning, now, source),
        *_find_unscheduled(morning, now, source),
        *_find_unsigned_releases(morning),
    ]
    due = find_due_night(now, source)
    for state in morning.models:
        alerts += [
            *_find_degraded(morning, state.spec.model),
            *_find_unfinished(morning, state, due),
            *_find_waiting(state, morning.night, now),
            *_find_verdict(state.spec.model, state.verdicts),
            *_find_passed_over(state),
        ]
    return alerts


def find_seen_verdicts(state: ModelState, nights: Collection[date]) -> set[str]:
    """The keys of the alerts that a person saw who acknowledged the verdicts of some nights.

    A cause that lasts stays seen; one that comes anew afterwards, or becomes graver, does not.
    """
    return {
        alert.key
        for night in nights
        for alert in _find_verdict(state.spec.model, [row for row in state.verdicts if row["night"] <= night])
    }


def find_ended_alerts(morning: Morning) -> Iterator[Alert]:
    """That what was wrong is over, for whoever was told of it."""
    for state in morning.strip:
        night, page = state.night, f"/redeye/nights/{state.night}"
        if state.release != "missing":
            yield make_alert(f"late-over/{night}", night=night, page=page, ends=[f"late/{night}"])
            if not state.lacks_schedule:
                key = f"no-schedule-over/{night}"
                yield make_alert(key, night=night, page=page, ends=[f"no-schedule/{night}"])
        for model in state.scored:
            key = f"{model}/{night}"
            yield make_alert(
                f"missing-over/{key}", night=night, page=page, ends=[f"missing/{key}"], model=model
            )
    for of_model in morning.models:
        yield from _find_ended_of_model(of_model, morning.lights.get(of_model.spec.model, {}))


def _find_ended_of_model(state: ModelState, lights: Mapping[date, Sequence[Light]]) -> Iterator[Alert]:
    model, page = state.spec.model, f"/redeye/models/{state.spec.model}"
    for night, own in lights.items():
        if not any(light.is_lacking for light in own):
            key = f"{model}/{night}"
            yield _of_night(f"unfinished-over/{key}", night, ends=[f"unfinished/{key}"], model=model)
    for row in state.answered:
        key = f"{model}/{row.version}"
        ends = [f"approval/{key}/{age}" for age in WAITED_DAYS]
        yield make_alert(
            f"approval-over/{key}", night=row.night, page=page, ends=ends, model=model, version=row.version
        )
    for stretch in list_cause_stretches(state.verdicts):
        if not stretch.is_standing:
            key = f"{model}/{stretch.cause}/{stretch.since}"
            yield make_alert(
                f"verdict-over/{key}",
                night=stretch.last,
                page=page,
                ends=[f"verdict/{key}/{verdict}" for verdict in Verdict],
                model=model,
                **vars(stretch),
            )


def find_task_alerts(failures: Iterable[TaskFailure]) -> list[Alert]:
    """An alert for each task that failed for good; a later try of it is another trouble."""
    return [
        make_alert(
            f"task/{each.dag_id}/{each.run_id}/{each.task_id}/{each.map_index}/{each.try_number}",
            page=f"/dags/{each.dag_id}/runs/{each.run_id}/tasks/{each.task_id}",
            **each._asdict(),
        )
        for each in failures
    ]


def find_disk_alerts(usage: Usage, night: date | None, now: datetime) -> list[Alert]:
    """One alert a week while the home takes more than its share of the budget."""
    if usage.level is Level.OK:
        return []
    year, week, _ = now.isocalendar()
    key = f"disk/{usage.level}/{year}-{week:02d}"
    return [make_alert(key, night=night, page="/redeye/alerts", usage=usage.summary())]


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
    since = shift_nights(morning.night, -RECENT)
    for row in morning.records.audits:
        if not row["is_success"] and row["night"] >= since:
            key = f"audit/{row['night']}/{row['snapshot_id']}"
            yield _of_night(key, row["night"], reason=read_reason(row["detail"]))
    for row in morning.records.refused:
        if row["night"] >= since:
            key = f"delivery/{row['source']}/{row['dataset']}/{row['night']}/{row['content_hash']}"
            what = {"source": row["source"], "dataset": row["dataset"]}
            yield _of_night(key, row["night"], reason=read_reason(row["audit"]), **what)


def _find_late(morning: Morning, now: datetime, source: Source | None) -> Iterator[Alert]:
    due = find_due_night(now, source)
    if due is None:
        return
    state = next((each for each in morning.strip if each.night == due), None)
    release_due = cutoff(due) + RELEASE_DUE
    if (state is None or state.release == "missing") and now >= release_due:
        yield _of_night(f"late/{due}", due, due=read_local(release_due))
    if now >= cutoff(due) + PREDICTIONS_DUE:
        scored = state.scored if state else {}
        for model in (each.spec.model for each in morning.models if each.champion is not None):
            if model not in scored:
                yield _of_night(f"missing/{model}/{due}", due, model=model, day=coming_day(due))


def _find_unscheduled(morning: Morning, now: datetime, source: Source | None) -> Iterator[Alert]:
    """Nights without a schedule of the coming day, from when scoring would have begun at the latest."""
    nights = {
        each.night
        for each in morning.strip
        if each.lacks_schedule and each.night >= shift_nights(morning.night, -RECENT)
    }
    due = find_due_night(now, source)
    state = next((each for each in morning.strip if each.night == due), None)
    if due is not None and (state is None or state.release == "missing") and expects_schedule(due):
        arrived = {row["night"] for row in morning.records.scheduled}
        nights |= {due} - arrived
    for night in sorted(nights):
        if now >= cutoff(night) + RELEASE_DUE:
            yield _of_night(f"no-schedule/{night}", night, day=coming_day(night))


def _find_degraded(morning: Morning, model: str) -> Iterator[Alert]:
    for state in morning.strip:
        row = state.scored.get(model)
        if row is not None and row["degraded"] and state.night >= shift_nights(morning.night, -RECENT):
            facts = {**row, "model": model, "night": state.night}
            yield make_alert(f"degraded/{model}/{state.night}", page=f"/redeye/nights/{state.night}", **facts)


def _find_unfinished(morning: Morning, state: ModelState, due: date | None) -> Iterator[Alert]:
    """Stretches of nights that lack something of a model, each with the page that plays them."""
    model = state.spec.model
    lights = {night: list(own) for night, own in morning.lights.get(model, {}).items()}
    if due in lights:
        # Its release and its predictions have alerts by the clock; what follows from these is not told beside them.
        scored = next(light for light in lights[due] if light.stage is Stage.SCORED)
        is_told = scored.is_lacking and state.champion is not None
        lights[due] = [light for light in lights[due] if light.stage is not Stage.RELEASED and not is_told]
    for stretch in list_stretches(lights):
        nights = f"night {stretch.first} is"
        if stretch.first != stretch.last:
            count = count_nights(stretch.first, stretch.last)
            nights = f"{count} nights, {stretch.first} to {stretch.last}, are"
        details = {light.detail for light in lights[stretch.last] if light.is_lacking and light.detail}
        yield make_alert(
            f"unfinished/{model}/{stretch.first}",
            night=stretch.first,
            page=f"/redeye/nights/{stretch.first}",
            action="/redeye/actions/play_nights",
            model=model,
            nights=nights,
            stages=", ".join(stretch.stages),
            detail="".join(f": {each}" for each in sorted(details)),
        )


def _find_waiting(state: ModelState, night: date, now: datetime) -> Iterator[Alert]:
    """Candidates that wait for a person; told again as they wait longer."""
    model = state.spec.model
    for row in state.awaiting:
        asked_at = state.asked_at.get(row.version)
        since = f"since {read_local(asked_at):%Y-%m-%d %H:%M %Z}" if asked_at else f"since night {row.night}"
        days = (now - asked_at).days if asked_at else (night - row.night).days
        if days > 0:
            since += f", {days} day{'s' if days > 1 else ''} by now"
        yield make_alert(
            f"approval/{model}/{row.version}/{max(age for age in WAITED_DAYS if age <= max(days, 0))}",
            night=row.night,
            page=f"/dags/train_{model}/runs/{quote(row.run_id, safe='')}/required_actions",
            model=model,
            version=row.version,
            algorithm=row.algorithm,
            since=since,
        )


def _find_verdict(model: str, verdicts: Sequence[Mapping[str, Any]]) -> Iterator[Alert]:
    """Each cause of the newest verdict: once when it begins, and once more when it becomes graver."""
    for stretch in list_cause_stretches(verdicts):
        if stretch.is_standing:
            facts = {**vars(stretch), "reason": shorten(stretch.reason, REASON_LENGTH, placeholder=" …")}
            key = f"verdict/{model}/{stretch.cause}/{stretch.since}/{stretch.verdict}"
            yield make_alert(key, night=stretch.last, page=f"/redeye/models/{model}", model=model, **facts)


def _find_passed_over(state: ModelState) -> Iterator[Alert]:
    """Promotions whose signature is missing or wrong, and that no later decision stands above."""
    model = state.spec.model
    for row, why in state.passed_over:
        yield make_alert(
            f"unsigned/{model}/{row.promotion_id}",
            night=row.effective_night,
            page=f"/redeye/models/{model}",
            model=model,
            promotion_id=row.promotion_id,
            version=row.version,
            why=why,
        )


def _find_unsigned_releases(morning: Morning) -> Iterator[Alert]:
    for name, why in morning.unsigned_releases.items():
        yield _of_night(f"unsigned-release/{name}", morning.night, release_id=name, why=why)


def _of_night(key: str, night: date, **facts: Any) -> Alert:  # noqa: ANN401  what the text names
    return make_alert(key, page=f"/redeye/nights/{night}", night=night, **facts)
