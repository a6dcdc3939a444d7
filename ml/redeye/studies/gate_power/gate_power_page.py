"""The page docs/results/gates.md: harmful and good candidates, and which gates refused them."""

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
from redeye.studies.page_origin import write_origin


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


def write_page(page: Path, found: Rehearsal, model: str) -> None:
    """Write the page on the rehearsal of a model's gates."""
    kinds = dict.fromkeys(one.kind for one in found.trials)
    refused = [one for one in found.good if one.failed]
    text = render_markdown(
        "studies/gate_power/gate_power.md.j2",
        model=model,
        origin=write_origin("gates", model),
        rehearsal=replace(found, source=Markdown(found.source)),
        promoted=[trial for trial in found.trials if not trial.failed],
        kinds={kind: [one for one in found.trials if one.kind == kind] for kind in kinds},
        gates={gate: [one for one in found.trials if one.failed == (gate,)] for gate in Gate},
        refusals=Counter(gate for one in found.trials for gate in one.failed),
        count_gates=_count_gates,
        refused=refused,
        gain=sum(one.gain for one in found.good) / max(len(found.good), 1),
    )
    write_text(page, text)


def _count_gates(tried: Iterable[Trial | TrialResult]) -> str:
    gates = Counter(gate for one in tried for gate in one.failed)
    return ", ".join(f"{gate} {count}" for gate, count in gates.most_common())
