"""How often the gates let a candidate pass that is better by so much, on real nights.

A real later model is put against a real earlier one, night by night as they were: that is what the gates face. How much
better it is cannot be chosen; so, beside, it is given hints of each outcome (`hints.py`), clearer and clearer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from redeye.declarations.calendar import shift_nights
from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import find_kind
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.splits import Window
from redeye.models.logic.training import SEED, make_examples, read_nights, select_rows
from redeye.promotion.logic import gate_inputs
from redeye.promotion.logic.gate_report import Gate
from redeye.promotion.logic.gates import GateInput, judge
from redeye.studies.gate_power.logic.harmful_candidates import Incumbent
from redeye.studies.gate_power.logic.hints import give_hint

STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
# Judged by trying the model: they do not depend on how much better it is.
OPERATIONAL = {Gate.ROBUSTNESS, Gate.BATCH_INVARIANCE, Gate.LATENCY, Gate.SIZE}


@dataclass(frozen=True)
class Pair:
    """A champion and a later candidate on one window that neither has seen.

    Attributes:
        rows: labelled rows of the window.
        before: labelled rows of the nights that the candidate was chosen by.
        base_rate: of the labels before those nights.
    """

    older: Incumbent
    newer: Incumbent
    window: Window
    rows: pd.DataFrame
    before: pd.DataFrame
    spec: Spec
    base_rate: float

    @property
    def champion(self) -> GateInput:
        """The older one."""
        return self._make_input(gate_inputs.make_champion_input, self.older)

    def candidate(self, strength: float) -> GateInput:
        """The newer one, with a hint of each outcome."""
        made = self._make_input(
            partial(gate_inputs.make_candidate_input, base=np.array(self.base_rate)), self.newer
        )
        rows, before = (self._inform(each, strength) for each in (self.rows, self.before))
        return replace(made, scored=rows, before=before)

    def _make_input(self, make: Callable[..., GateInput], one: Incumbent) -> GateInput:
        return make(one.name, one.model, self.rows, self.spec, seen_until=one.seen_until, before=self.before)

    def _inform(self, rows: pd.DataFrame, strength: float) -> Scored:
        labels, said = make_examples(rows, self.spec).labels, self.newer.model.predict(rows)
        noise = np.random.default_rng([SEED, self.window.first.toordinal()]).normal(size=len(rows))
        return ScoredProbabilities(
            labels, give_hint(said, labels, strength, noise), read_nights(rows, self.spec)
        )


@dataclass(frozen=True)
class TrialResult:
    """One candidate that is no mutant before the gates.

    Attributes:
        gain: log loss by which it is better than the champion on the window.
        failed: the gates that refused it.
    """

    window: Window
    older: str
    newer: str
    gain: float
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Power:
    """How many of the candidates with hints of one strength pass.

    Attributes:
        gain: mean log loss by which they are better.
    """

    strength: float
    gain: float
    passed: int
    of: int

    @property
    def rate(self) -> float:
        """The share that passes."""
        return self.passed / self.of


def pairs(
    frame: pd.DataFrame, spec: Spec, models: Sequence[Incumbent], *, back: int, step: int, until: int
) -> Iterator[Pair]:
    """Each model, in the order of their training, against those up to `back` before it, on windows of the gates'.

    Windows begin `step` nights apart, the last one up to `until` nights after the first possible one.
    """
    last = read_nights(frame, spec).max().astype("datetime64[D]").item()
    for position, newer in enumerate(models):
        chosen = Window(shift_nights(newer.seen_until, 1 - spec.split.validation_nights), newer.seen_until)
        before, known = (
            select_rows(frame, spec, chosen),
            read_nights(frame, spec) < np.datetime64(chosen.first),
        )
        base_rate = float(gate_inputs.measure_base(frame.loc[known], spec))
        for older in models[max(position - back, 0) : position]:
            for after in range(0, until + 1, step):
                first = shift_nights(newer.seen_until, spec.label_maturity_nights + 1 + after)
                window = Window(first, shift_nights(first, spec.split.test_nights - 1))
                if window.last <= last:
                    rows = select_rows(frame, spec, window)
                    yield Pair(older, newer, window, rows, before, spec, base_rate)


def try_candidate(pair: Pair, strength: float, *, ignored: Collection[Gate] = ()) -> TrialResult:
    """A candidate with hints of a strength before the gates; the ignored ones refuse none."""
    champion, candidate = pair.champion, pair.candidate(strength)
    if ignored:
        candidate = replace(candidate, probes=None)
    groups = gate_inputs.group_rows(pair.rows, pair.spec)
    report = judge(candidate, champion, pair.window, find_kind(pair.spec), groups=groups)
    failed = tuple(result.gate for result in report.failed if result.gate not in ignored)
    return TrialResult(pair.window, pair.older.name, pair.newer.name, _gain(candidate, champion), failed)


def measure_power(cases: Sequence[Pair], strengths: Sequence[float] = STRENGTHS) -> Iterator[Power]:
    """The power of the gates that look at quality, with clearer and clearer hints."""
    for strength in strengths:
        made = [try_candidate(pair, strength, ignored=OPERATIONAL) for pair in cases]
        gain = float(np.mean([one.gain for one in made]))
        yield Power(strength, gain, sum(not one.failed for one in made), len(made))


def _gain(candidate: GateInput, champion: GateInput) -> float:
    losses = []
    for one in (candidate, champion):
        if one.scored is None:
            raise ValueError(f"{one.name} has no log loss on the window")
        losses.append(one.scored.measure(one.scored.LOSS))
    return losses[1] - losses[0]
