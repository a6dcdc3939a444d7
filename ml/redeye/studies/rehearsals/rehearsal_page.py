"""The page docs/results/rehearsals.md: which guard caught which fault, after how many nights, and what none did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import render_markdown
from redeye.sources.configured_source import faulty_source
from redeye.sources.logic.faults import Guard, Outcome, Plan
from redeye.studies.page_origin import write_origin


def write_page(path: Path, plan: Plan, outcomes: Sequence[Outcome], model: str) -> Path:
    """Write the page on the rehearsals of a model."""
    text = render_markdown(
        "studies/rehearsals/rehearsals.md.j2",
        plan=plan,
        origin=write_origin("rehearsals", model),
        outcomes={outcome.event: outcome for outcome in outcomes},
        meanings=faulty_source().meanings,
        caught=sum(bool(outcome.catches) for outcome in outcomes),
        missed=[outcome.event for outcome in outcomes if not outcome.catches],
        guards=list(Guard),
    )
    write_text(path, text)
    return path
