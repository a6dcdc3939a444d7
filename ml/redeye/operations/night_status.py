"""How the installation stands on a night, and how that night came about: what the pages, metrics and alerts show.

Reads only, and only the nights it is asked for. Nothing here looks at the clock: whoever asks says the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from redeye.declarations.calendar import ONE_DAY, list_nights
from redeye.foundation.settings import settings
from redeye.operations.model_status import SHOWN_NIGHTS, ModelState, read_model_state, specs
from redeye.scoring.outputs_reader import OutputsReader, Row
from redeye.sources import marked_row_store
from redeye.sources.action_store import Action, list_actions
from redeye.sources.expected_deliveries import has_expected_rows
from redeye.sources.logic.deliveries import SCHEDULE
from redeye.sources.marked_row_store import Doubt, MarkedRow
from redeye.warehouse import night_records, release_store
from redeye.warehouse.logic.releases import Release
from redeye.warehouse.night_records import NightRecords


@dataclass(frozen=True)
class NightState:
    """One night of the last ones, at a glance.

    Attributes:
        release: `released`, `gap` or `missing`.
        scored: per model, its predictions of the night; empty if it has none.
        verdicts: per model, the verdict of the night.
        is_refused: whether an audit of its candidate release refused.
        lacks_schedule: whether it went on without an accepted schedule of the coming day, which should have one.
    """

    night: date
    release: str
    scored: dict[str, Row]
    verdicts: dict[str, str]
    is_refused: bool
    lacks_schedule: bool = False


@dataclass(frozen=True)
class Morning:
    """Last night, or another one, at a glance.

    Attributes:
        newest: the newest night that there is anything about.
        release: that has the night in it.
        gap: why the warehouse goes on without the night.
        head: the newest release.
        records: of the ledger, about the nights shown.
        strip: the last nights, oldest first.
        unknown: spans of nights without release and without a recorded gap.
    """

    night: date
    newest: date | None
    release: Release | None
    gap: str | None
    head: Release | None
    records: NightRecords
    strip: list[NightState]
    models: list[ModelState]
    unknown: list[tuple[date, date]]

    def list_missing_work(self) -> list[str]:
        """What is not done for the night, by facts of that night alone; empty if all is.

        Returns:
            `released`, and of each model `scored`, `exported`, `judged`, with its name.
        """
        found = [] if self.release is not None else ["released"]
        for state in self.models:
            if state.champion is None and state.predictions is None:
                found.append(f"{state.spec.model} scored, since it had no champion")
                continue
            is_judged = state.verdict is not None and state.verdict["night"] == self.night
            done = {"scored": state.predictions, "exported": state.manifest, "judged": is_judged}
            found += [f"{state.spec.model} {step}" for step, fact in done.items() if not fact]
        return found


def find_newest_night(reader: OutputsReader) -> date | None:
    """The newest night that is scored, released by itself, or a gap; the head of a bulk load if nothing is."""
    known = [*(reader.last_night(model) for model in specs()), night_records.last_nightly()]
    head = release_store.latest_release()
    return max(filter(None, known), default=head.night if head else None)


def read_morning(reader: OutputsReader, night: date | None = None) -> Morning | None:
    """How everything stands after a night, by default the newest; None in an empty installation."""
    newest = find_newest_night(reader)
    night = night or newest
    if night is None:
        return None
    first = night - timedelta(days=SHOWN_NIGHTS - 1)
    records = night_records.records(first, night)
    models = [read_model_state(reader, spec, night) for spec in specs().values()]
    scored = {
        (state.spec.model, row["night"]): row
        for state in models
        for row in reader.predictions_by_night(state.spec.model, first, night)
    }
    return Morning(
        night=night,
        newest=newest,
        release=release_store.covering_release(night),
        gap=release_store.gap_reason(night),
        head=release_store.latest_release(),
        records=records,
        strip=[_night_state(one, records, scored, models) for one in list_nights(first, night)],
        models=models,
        unknown=night_records.unknown_nights(),
    )


def _night_state(
    night: date, records: NightRecords, scored: dict[tuple[str, date], Row], models: Sequence[ModelState]
) -> NightState:
    release = "gap" if any(row["night"] == night for row in records.gaps) else "missing"
    if any(row["first_night"] <= night <= row["night"] for row in records.releases):
        release = "released"
    return NightState(
        night=night,
        release=release,
        scored={model: row for (model, scored_night), row in scored.items() if scored_night == night},
        verdicts={
            state.spec.model: row["verdict"]
            for state in models
            for row in state.verdicts
            if row["night"] == night
        },
        is_refused=any(row["night"] == night and not row["is_success"] for row in records.audits),
        lacks_schedule=release != "missing"
        and all(row["night"] != night for row in records.scheduled)
        and has_expected_rows(SCHEDULE, night),
    )


@dataclass(frozen=True)
class NightHistory:
    """Everything recorded of one night."""

    night: date
    records: NightRecords
    gap: str | None
    deliveries: list[Row]
    marked: list[MarkedRow]
    doubts: list[Doubt]
    actions: list[Action]
    models: list[ModelState]
    files: dict[str, list[tuple[str, int]]]


def read_night_history(reader: OutputsReader, night: date) -> NightHistory:
    """Every delivery, audit, release revision and prediction file of one night."""
    return NightHistory(
        night=night,
        records=night_records.records(night, night),
        gap=release_store.gap_reason(night),
        deliveries=night_records.deliveries(night),
        marked=marked_row_store.list_marked_rows(night, night),
        doubts=marked_row_store.list_doubts(night, night),
        actions=[each for each in list_actions() if f"/{night}/" in each.subject],
        models=[read_model_state(reader, spec, night) for spec in specs().values()],
        files={model: _list_files(model, night) for model in specs()},
    )


def _list_files(model: str, night: date) -> list[tuple[str, int]]:
    found = (settings().exports / model / night.isoformat()).glob("*")
    return sorted((path.name, path.stat().st_size) for path in found if path.is_file())


def find_nearby_nights(night: date, newest: date | None) -> tuple[date, date | None]:
    """The night before, and the night after if there is one."""
    after = night + ONE_DAY
    return night - ONE_DAY, after if newest is not None and after <= newest else None
