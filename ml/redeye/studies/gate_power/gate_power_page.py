"""The part of docs/explanation/gates.md that a rehearsal of the gates writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redeye.promotion.logic.gates import Gate
from redeye.studies.gate_power.logic.gate_power import Power, Tried
from redeye.studies.gate_power.logic.harmful_trials import Trial

BEGIN, END = "<!-- rehearsal: begin -->", "<!-- rehearsal: end -->"


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found.

    Attributes:
        source: what it was run on, for the reader.
        trials: the mutants.
        harmless: proposals by kind that did no harm and were left out.
        powers: by the strength of the hints that candidates had.
        good: candidates with hints of the last strength, on other windows.
    """

    source: str
    trials: Sequence[Trial]
    harmless: Counter[str]
    powers: Sequence[Power]
    good: Sequence[Tried]


def write(page: Path, found: Rehearsal) -> None:
    """Puts the tables between the page's two marks.

    Raises:
        ValueError: if the page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{page} lacks the marks between which the rehearsal is written")
    head, rest = text.split(BEGIN)
    tables = "\n\n".join([found.source, _mutants(found), _by_gate(found), _power(found), _good(found)])
    page.write_text(f"{head}{BEGIN}\n{tables}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def _mutants(found: Rehearsal) -> str:
    promoted = [trial for trial in found.trials if not trial.failed]
    lines = [
        f"**{len(found.trials)} harmful candidates of {len({trial.kind for trial in found.trials})} kinds: "
        f"{len(promoted)} promoted.**",
        "",
        "| kind | mutants | promoted | harm of the first one | refused by | left out: no harm |",
        "|---|---:|---:|---|---|---:|",
    ]
    for kind in dict.fromkeys(trial.kind for trial in found.trials):
        own = [trial for trial in found.trials if trial.kind == kind]
        gates = Counter(gate for trial in own for gate in trial.failed)
        told = ", ".join(f"{gate} {count}" for gate, count in gates.most_common())
        lines.append(
            f"| {kind} | {len(own)} | {sum(not trial.failed for trial in own)} | "
            f"{own[0].what}: {own[0].harm} | {told} | {found.harmless[kind]} |"
        )
    for trial in promoted:
        lines.append(
            f"\nPromoted: {trial.kind}, {trial.what}, night {trial.night}, against {trial.champion}."
        )
    return "\n".join(lines)


def _by_gate(found: Rehearsal) -> str:
    lines = ["| gate | refused | alone | one that only it refused |", "|---|---:|---:|---|"]
    for gate in Gate:
        alone = [trial for trial in found.trials if trial.failed == (gate,)]
        refused = sum(gate in trial.failed for trial in found.trials)
        example = f"{alone[0].kind}: {alone[0].what} ({alone[0].harm})" if alone else "none"
        lines.append(f"| {gate} | {refused} | {len(alone)} | {example} |")
    return "\n".join(lines)


def _power(found: Rehearsal) -> str:
    lines = ["| strength of the hints | log loss better by | pass | power |", "|---:|---:|---:|---:|"]
    for power in found.powers:
        lines.append(
            f"| {power.strength:.1f} | {power.gain:.4f} | {power.passed} of {power.of} | {power.rate:.0%} |"
        )
    return "\n".join(lines)


def _good(found: Rehearsal) -> str:
    refused = [one for one in found.good if one.failed]
    gates = Counter(gate for one in refused for gate in one.failed)
    why = ", ".join(f"{gate} {count}" for gate, count in gates.most_common()) or "no gate"
    gain = sum(one.gain for one in found.good) / max(len(found.good), 1)
    return (
        f"**{len(found.good)} good candidates**, better by {gain:.4f} log loss on average: {len(refused)} refused "
        f"(by {why})."
    )
