"""The page docs/results/rehearsals.md: which guard caught which fault, after how many nights, and what none did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import Table, render_markdown
from redeye.sources.configured_source import faulty_source
from redeye.sources.logic.faults import Guard, Outcome, Plan


def write_page(path: Path, plan: Plan, outcomes: Sequence[Outcome]) -> Path:
    """Write the page."""
    by_name = {outcome.event: outcome for outcome in outcomes}
    text = render_markdown(
        "studies/rehearsals/rehearsals.md.j2",
        plan=plan,
        outcomes=by_name,
        meanings=faulty_source().meanings,
        caught=sum(bool(outcome.catches) for outcome in outcomes),
        missed=[outcome.event for outcome in outcomes if not outcome.catches],
        overview=_tabulate_catches(plan, by_name),
    )
    write_text(path, text)
    return path


def _tabulate_catches(plan: Plan, outcomes: dict[str, Outcome]) -> Table:
    rows = []
    for event in plan.events:
        nights = {each.guard: str(each.nights_after) for each in outcomes[event.name].catches}
        rows.append((event.name, *(nights.get(str(guard), "") for guard in Guard)))
    heads = ("event, caught on night", *(str(guard) for guard in Guard))
    return Table(heads, rows, range(1, len(heads)))
