"""The page docs/results/rehearsals.md: which guard caught which fault, after how many nights, and what none did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from redeye.foundation.pages import Block, Bullets, Cell, Heading, Page, Paragraph, Table
from redeye.sources.configured_source import faulty_source
from redeye.sources.logic.faults import Event, Guard, Outcome, Plan


def write(path: Path, plan: Plan, outcomes: Sequence[Outcome]) -> Path:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(plan, outcomes).markdown(), encoding="utf-8")
    return path


def _page(plan: Plan, outcomes: Sequence[Outcome]) -> Page:
    by_name = {outcome.event: outcome for outcome in outcomes}
    caught = [outcome for outcome in outcomes if outcome.catches]
    missed = [outcome.event for outcome in outcomes if not outcome.catches]
    blocks: list[Block] = [
        Paragraph(
            "Faults put into the deliveries on purpose, and who noticed. Written by `make rehearse` from "
            "`ml/rehearsals/events.yaml`; no threshold was chosen by it: those come from clean history."
        ),
        Paragraph(
            f"{len(caught)} of {len(outcomes)} faults were caught"
            f"{'; not caught: ' + ', '.join(missed) if missed else ''}. "
            "Nights count from 1, the first one with the fault."
        ),
        _overview(plan, by_name),
        Heading("How it is done"),
        Bullets(
            (
                "Each event runs in a copy of one installation, in its own process, with the jobs that the DAGs run. "
                f"The setting `REDEYE_REHEARSAL` names the plan. Every row of the outputs says `{plan.name}` in its "
                "column `rehearsal`, as do the exported files; releases, decisions, trainings and promotions carry "
                f"`rehearsal={plan.name}/<event>` as their run. An installation with rows of another kind refuses.",
                "The fault is put between the source and the landing: arrival audits, dbt, release audits, features, "
                "scoring, monitoring and training are those of every night. Deliveries of an event are audited in "
                "one batch, and its nights built in one build, cut to what each night knew; that saves a minute "
                "a night and changes no row.",
                "Drift and verdicts count as a catch only where the same night without the fault (the control run) "
                "does not say the same.",
                "Switched off by default. An event is switched on by its line in the plan.",
            )
        ),
        Heading("Event by event"),
    ]
    for event in plan.events:
        blocks += _event(event, by_name[event.name])
    seconds = sum(outcome.seconds for outcome in outcomes)
    blocks.append(
        Paragraph(f"The events took {seconds / 60:.1f} minutes, without the installation they begin with.")
    )
    return Page("Rehearsals", tuple(blocks))


def _overview(plan: Plan, outcomes: dict[str, Outcome]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for event in plan.events:
        outcome = outcomes[event.name]
        nights = {each.guard: str(each.nights_after) for each in outcome.catches}
        rows.append((event.name, *(nights.get(str(guard), "") for guard in Guard)))
    heads = ("event, caught on night", *(str(guard) for guard in Guard))
    return Table(heads, tuple(rows), frozenset(range(1, len(heads))))


def _event(event: Event, outcome: Outcome) -> list[Block]:
    acts = f"nights {event.first} to {event.last_faulty}"
    seen = (
        f"{outcome.scored_nights} nights scored, {outcome.degraded_nights} degraded" if event.watched else ""
    )
    told = [f"The fault: {faulty_source().meanings[event.fault]}; {acts}."]
    told += [
        f"{each.guard}, night {each.nights_after} ({each.night}): {each.said}" for each in outcome.catches
    ]
    told += [f"{fact}." for fact in (*outcome.facts, seen) if fact]
    if not outcome.catches:
        told.append("Nobody noticed.")
    return [Heading(event.name.replace("_", " "), 3), Bullets(tuple(told))]
