"""The part of docs/explanation/gates.md that a rehearsal of the gates writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import Markdown, Table, render_markdown
from redeye.promotion.logic.gates import Gate
from redeye.studies.gate_power.logic.gate_power import Power, Tried
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
    good: Sequence[Tried]


def write_page(page: Path, found: Rehearsal) -> None:
    """Puts the tables between the page's two marks.

    Raises:
        ValueError: if the page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page} lacks the marks between which the rehearsal is written")
    refused = [one for one in found.good if one.failed]
    tables = render_markdown(
        "studies/gate_power/gate_power.md.j2",
        rehearsal=replace(found, source=Markdown(found.source)),
        promoted=[trial for trial in found.trials if not trial.failed],
        kinds=_tabulate_kinds(found),
        gates=_tabulate_gates(found),
        power=_tabulate_power(found),
        refused=refused,
        refused_by=_count_gates(refused),
        gain=sum(one.gain for one in found.good) / max(len(found.good), 1),
    )
    write_text(page, f"{text.split(BEGIN)[0]}{BEGIN}\n{tables}{END}{text.split(END)[1]}")


def _count_gates(tried: Iterable[Trial | Tried]) -> str:
    gates = Counter(gate for one in tried for gate in one.failed)
    return ", ".join(f"{gate} {count}" for gate, count in gates.most_common())


def _tabulate_kinds(found: Rehearsal) -> Table:
    heads = (
        "kind",
        "candidates",
        "promoted",
        "harm of the first one",
        "refused by",
        "left out: no harm",
    )
    rows = []
    for kind in dict.fromkeys(trial.kind for trial in found.trials):
        own = [trial for trial in found.trials if trial.kind == kind]
        promoted = sum(not trial.failed for trial in own)
        harm = f"{own[0].what}: {own[0].harm}"
        rows.append((kind, len(own), promoted, harm, _count_gates(own), found.harmless[kind]))
    return Table(heads, rows, (1, 2, 5))


def _tabulate_gates(found: Rehearsal) -> Table:
    rows = []
    for gate in Gate:
        alone = [trial for trial in found.trials if trial.failed == (gate,)]
        refused = sum(gate in trial.failed for trial in found.trials)
        example = f"{alone[0].kind}: {alone[0].what} ({alone[0].harm})" if alone else "none"
        rows.append((str(gate), refused, len(alone), example))
    return Table(("gate", "refused", "alone", "one that only it refused"), rows, (1, 2))


def _tabulate_power(found: Rehearsal) -> Table:
    rows = [
        (f"{one.strength:.1f}", f"{one.gain:.4f}", f"{one.passed} of {one.of}", f"{one.rate:.0%}")
        for one in found.powers
    ]
    return Table(("strength of the hints", "log loss better by", "pass", "power"), rows, range(4))
