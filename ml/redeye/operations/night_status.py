"""How the installation stands on a night, and how that night came about: what the pages, metrics and alerts show.

Reads only, and only the nights it is asked for. Nothing here looks at the clock: whoever asks says the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from redeye.champions.logic.verdicts import QUALITY_NOT_JUDGED, Verdict
from redeye.declarations.calendar import (
    find_complete_night,
    find_next_night,
    find_previous_night,
    list_nights,
    shift_nights,
)
from redeye.foundation import cost_store
from redeye.foundation.settings import settings
from redeye.foundation.signing import row_checks
from redeye.foundation.signing.logic.statements import Kind
from redeye.foundation.task_session import task_session
from redeye.operations.logic.lights import Colour, Light, NightFacts, Stage, read_lights
from redeye.operations.model_status import SHOWN_NIGHTS, ModelState, read_model_state, specs
from redeye.scoring import export
from redeye.scoring.outputs_reader import AllModelsReader, OutputsReader, Row
from redeye.sources import marked_row_store
from redeye.sources.action_store import Action, list_actions
from redeye.sources.configured_source import load_source
from redeye.sources.expected_deliveries import expects_schedule
from redeye.sources.logic.deliveries import Source
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
        newest: the newest night that there is anything about, or that is due by the clock.
        release: that has the night in it.
        gap: why the warehouse goes on without the night.
        head: the newest release.
        records: of the ledger, about the nights shown.
        strip: the last nights that the source has, oldest first.
        unknown: spans of nights without release and without a recorded gap.
        lights: by model and night the four lights, of the nights of the strip.
        unsigned_releases: of the nights shown, by id, and what is wrong with their signature.
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
    lights: Mapping[str, Mapping[date, list[Light]]] = field(default_factory=dict)
    unsigned_releases: Mapping[str, str] = field(default_factory=dict)

    def list_lights(self, model: str) -> list[Light]:
        """The four lights of a model for the night shown."""
        return self.lights[model][self.night]

    def rank_finding(self, model: str) -> int:
        """How grave the gravest light of a model is for the night shown, 0 the gravest."""
        return min(_GRAVITY.index(light.colour) for light in self.list_lights(model))

    def find_colour(self, state: NightState) -> Colour:
        """The gravest colour of a night of the strip, over all models and their stages."""
        if state.is_refused or state.lacks_schedule:
            return Colour.BAD
        found = {light.colour for own in self.lights.values() for light in own[state.night]}
        return next((each for each in _GRAVITY if each in found), Colour.PLAIN)

    def describe(self, state: NightState) -> str:
        """A night of the strip in words; of many models those alone with a finding."""
        named = {model: own[state.night] for model, own in self.lights.items()}
        parts, left = [], 0
        if len(named) > NAMED_MODELS:
            worse = [model for model, own in named.items() if {each.colour for each in own} & _FINDINGS]
            parts, left = [f"{len(named) - len(worse)} models without a finding"], len(worse[NAMED_MODELS:])
            named = {model: named[model] for model in worse[:NAMED_MODELS]}
        parts += [f"{model}: {', '.join(str(light) for light in own)}" for model, own in named.items()]
        parts += [f"{left} more models"] * bool(left)
        parts += ["an audit refused"] * state.is_refused + ["no schedule"] * state.lacks_schedule
        return f"{state.night}: {'; '.join(parts)}"

    def list_waiting(self) -> list[Light]:
        """What is awaited of the night shown, each stage once."""
        found = {
            light.stage: light
            for model in self.lights
            for light in self.list_lights(model)
            if light.is_waiting
        }
        return list(found.values())

    def list_colours(self) -> set[Colour]:
        """The colours of all lights of the night shown."""
        return {light.colour for model in self.lights for light in self.list_lights(model)}


NAMED_MODELS = 8
"""As many models are shown whole and named; of more, a line each and what is wrong."""
_FINDINGS = {Colour.BAD, Colour.WARN}
_GRAVITY = (Colour.BAD, Colour.WARN, Colour.PLAIN, Colour.GOOD)
# By stage the job whose success it is, as its cost is recorded.
_RELEASING = "publish"
_JOBS = {Stage.SCORED: "score_night", Stage.EXPORTED: "export_night", Stage.JUDGED: "monitor_night"}


def find_newest_night(reader: OutputsReader) -> date | None:
    """The newest night that is scored, released by itself, or a gap; the head of a bulk load if nothing is."""
    reader = AllModelsReader(reader)
    known = [*(reader.last_night(model) for model in specs()), night_records.last_nightly()]
    head = release_store.latest_release()
    return max(filter(None, known), default=head.night if head else None)


def find_due_night(now: datetime, source: Source | None) -> date | None:
    """The last night that has ended by `now` on the source's calendar; None outside of it."""
    if source is None or not source.is_prompt:
        return None
    ended = find_complete_night(now)
    return ended if source.first_night <= ended <= source.last_night else None


@task_session()
def read_morning(reader: OutputsReader, night: date | None = None, *, now: datetime) -> Morning | None:
    """How everything stands after a night at the time `now`; None in an empty installation.

    Args:
        reader: of the outputs.
        night: by default the newest of which anything is known or due by the clock.
        now: the time.
    """
    source, known = load_source(), find_newest_night(reader)
    reader = AllModelsReader(reader)
    if known is None:
        return None
    newest = max(filter(None, (known, find_due_night(now, source))))
    night = night or newest
    # Before the source's first night there is nothing that could be missing.
    first = min(night, max(shift_nights(night, 1 - SHOWN_NIGHTS), source.first_night))
    records = night_records.records(first, night)
    models = [read_model_state(reader, spec, night) for spec in specs().values()]
    scored = {
        (state.spec.model, row["night"]): row
        for state in models
        for row in reader.predictions_by_night(state.spec.model, first, night)
    }
    strip = [_night_state(one, records, scored, models) for one in list_nights(first, night)]
    last = max((row["night"] for row in records.releases), default=night)
    done_at = cost_store.read_success_times(first, max(last, night), [_RELEASING, *_JOBS.values()])
    return Morning(
        night=night,
        newest=newest,
        release=release_store.covering_release(night),
        gap=release_store.gap_reason(night),
        head=release_store.latest_release(),
        records=records,
        strip=strip,
        models=models,
        unknown=night_records.unknown_nights(),
        lights={
            state.spec.model: {
                facts.night: read_lights(facts, now)
                for facts in _read_facts(state, strip, records, done_at, source.last_night)
            }
            for state in models
        },
        unsigned_releases=row_checks.find_faults(
            Kind.RELEASE, "WHERE r.night BETWEEN %s AND %s", (first, night)
        ),
    )


def _read_facts(
    state: ModelState,
    strip: Sequence[NightState],
    records: NightRecords,
    done_at: Mapping[tuple[str, str, date], tuple[datetime, datetime]],
    last: date,
) -> list[NightFacts]:
    """What is recorded of each night of the strip about one model.

    Args:
        state: of the model.
        strip: the nights.
        records: of these nights.
        done_at: by job, model and night when it first and last succeeded.
        last: the source's last night with a day to predict.
    """
    model = state.spec.model
    exported = export.list_exported_nights(model)
    verdicts = {row["night"]: row for row in state.verdicts}
    found = []
    for each in strip:
        holding = next((r for r in records.releases if r["first_night"] <= each.night <= r["night"]), None)
        rows, verdict = each.scored.get(model), verdicts.get(each.night)
        # Predictions and verdicts are written once and stand; of a release the newest revision counts.
        times = {
            stage: done_at[job, model, each.night][0]
            for stage, job in _JOBS.items()
            if (job, model, each.night) in done_at
        }
        if holding is not None and (_RELEASING, "", holding["night"]) in done_at:
            times[Stage.RELEASED] = done_at[_RELEASING, "", holding["night"]][1]
        found.append(
            NightFacts(
                night=each.night,
                release=holding["release_id"] if holding else "",
                is_gap=each.release == "gap",
                since=state.since,
                has_coming_day=each.night <= last,
                rows=rows["rows"] if rows else 0,
                degraded=rows["degraded"] if rows else 0,
                is_exported=each.night in exported,
                verdict=Verdict(verdict["verdict"]) if verdict else None,
                is_quality_judged=verdict is not None and QUALITY_NOT_JUDGED not in verdict["reasons"],
                done_at=times,
            )
        )
    return found


def _night_state(
    night: date, records: NightRecords, scored: Mapping[tuple[str, date], Row], models: Sequence[ModelState]
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
        and expects_schedule(night),
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


@task_session()
def read_night_history(reader: OutputsReader, night: date) -> NightHistory:
    """Every delivery, audit, release revision and prediction file of one night."""
    reader = AllModelsReader(reader)
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
    after = find_next_night(night)
    return find_previous_night(night), after if newest is not None and after <= newest else None
