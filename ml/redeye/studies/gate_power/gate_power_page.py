"""The page docs/results/gates.md: real later models and faulty candidates, and which gates refused them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import Markdown, render_markdown
from redeye.promotion.logic.gate_report import Gate
from redeye.studies.gate_power.logic.gate_power import Power
from redeye.studies.gate_power.logic.harmful_trials import Trial
from redeye.studies.page_origin import write_origin


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found.

    Attributes:
        source: what it was run on, in Markdown.
        gains: of each decision's healthy candidate over the heuristic, in log loss on the gates' window.
        trials: the mutants, harmful and harmless.
        powers: by the strength of the hints that candidates had; the first without one.
    """

    source: str
    gains: Mapping[date, float]
    trials: Sequence[Trial]
    powers: Sequence[Power]


def write_page(page: Path, found: Rehearsal, model: str) -> None:
    """Write the page on the rehearsal of a model's gates."""
    harmful, harmless = ([one for one in found.trials if bool(one.harm) is each] for each in (True, False))
    kinds = dict.fromkeys(one.kind for one in found.trials)
    text = render_markdown(
        "studies/gate_power/gate_power.md.j2",
        model=model,
        origin=write_origin("gates", model),
        rehearsal=replace(found, source=Markdown(found.source)),
        harmful=harmful,
        harmless=harmless,
        promoted=[trial for trial in harmful if not trial.failed],
        kinds={
            kind: [[one for one in some if one.kind == kind] for some in (harmful, harmless)]
            for kind in kinds
        },
        gates={gate: [one for one in harmful if one.failed == (gate,)] for gate in Gate},
        refusals=Counter(gate for one in harmful for gate in one.failed),
        count_gates=_count_gates,
    )
    write_text(page, text)


def _count_gates(tried: Iterable[Trial]) -> str:
    gates = Counter(gate for one in tried for gate in one.failed)
    return ", ".join(f"{gate} {count}" for gate, count in gates.most_common())
