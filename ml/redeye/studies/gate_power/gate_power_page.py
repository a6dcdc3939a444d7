"""The part of docs/explanation/gates.md that a rehearsal of the gates writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import Markdown, render_markdown
from redeye.promotion.logic.gate_report import Gate
from redeye.studies.gate_power.logic.gate_power import Power, TrialResult
from redeye.studies.gate_power.logic.harmful_trials import Trial

BEGIN, END = "<!-- rehearsal: begin -->", "<!-- rehearsal: end -->"


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found.

    Attributes:
        source: what it was run on, in Markdown.
        trials: the harmful candidates.
        harmless: candidates by kind that did no harm and were left out.
        powers: by the strength of the hints that candidates had.
        good: candidates with hints of the last strength, on other windows.
    """

    source: str
    trials: Sequence[Trial]
    harmless: Counter[str]
    powers: Sequence[Power]
    good: Sequence[TrialResult]


def write_page(page: Path, found: Rehearsal) -> None:
    """Puts the tables between the page's two marks.

    Raises:
        ValueError: if the page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page} lacks the marks between which the rehearsal is written")
    kinds = dict.fromkeys(one.kind for one in found.trials)
    refused = [one for one in found.good if one.failed]
    tables = render_markdown(
        "studies/gate_power/gate_power.md.j2",
        rehearsal=replace(found, source=Markdown(found.source)),
        promoted=[trial for trial in found.trials if not trial.failed],
        kinds={kind: [one for one in found.trials if one.kind == kind] for kind in kinds},
        gates={gate: [one for one in found.trials if one.failed == (gate,)] for gate in Gate},
        refusals=Counter(gate for one in found.trials for gate in one.failed),
        count_gates=_count_gates,
        refused=refused,
        gain=sum(one.gain for one in found.good) / max(len(found.good), 1),
    )
    write_text(page, f"{text.split(BEGIN)[0]}{BEGIN}\n{tables}{END}{text.split(END)[1]}")


def _count_gates(tried: Iterable[Trial | TrialResult]) -> str:
    gates = Counter(gate for one in tried for gate in one.failed)
    return ", ".join(f"{gate} {count}" for gate, count in gates.most_common())
