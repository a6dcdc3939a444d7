"""Faulty candidates before the gates: whether they harm on later nights, and which gates refuse them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TypeVar

import numpy as np
import pandas as pd

from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Inputs
from redeye.models.kinds.interface import find_kind
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Scored, estimate_improvement
from redeye.models.logic.training import make_examples, read_nights
from redeye.promotion.logic import gate_inputs
from redeye.promotion.logic.gates import GateInput, judge
from redeye.promotion.logic.robustness_probes import RobustnessProbes, select_declared
from redeye.promotion.logic.slices import pool_slices
from redeye.studies.gate_power.logic.harmful_candidates import MAKERS, Episode, HarmfulCandidate, Incumbent

# Harm against the champion on the held-out nights, in its own units, and significantly: at the confidence of the gates.
WORSE_LOG_LOSS = 0.005
LOWER_AUC = 0.02
MORE_CALIBRATION_ERROR = 0.03
WORSE_SLICE_LOG_LOSS = 0.05
# Who says one number for all warns of nothing: so many times the average is a warning, given to so many rows.
WARNING, FEWEST_WARNED = 1.5, 0.01
# The same row may not get probabilities that lie further apart.
UNSTEADY = 0.01
T = TypeVar("T")


@dataclass(frozen=True)
class Trial:
    """One mutant before the gates.

    Attributes:
        harm: what it does on the held-out nights; empty if nothing that is called harm here.
        failed: the gates that refused it; none if it would have been promoted.
    """

    kind: str
    what: str
    night: date
    champion: str
    harm: str
    failed: tuple[str, ...]


def measure_harm(candidate: HarmfulCandidate, episode: Episode, champion: Incumbent) -> str:
    """What a promotion would do on the held-out nights, in words; empty if nothing that is called harm here."""
    spec, rows = episode.spec, episode.held_rows
    inputs = Inputs.of(spec)
    of, rival = _make_inputs(candidate, champion, episode, rows)
    if of.scored is None:
        return f"no predictions: {of.trouble}"
    if rival.scored is None:
        return ""
    probes = RobustnessProbes(candidate.model, select_declared(rows, inputs), inputs)
    worse = _worse(of.scored, rival.scored, gate_inputs.group_rows(rows, spec), spec)
    worse = worse or _find_loss_on_rate(of.scored, rows, episode)
    return worse or _find_unserviceable(probes, spec)


def _make_inputs(
    candidate: HarmfulCandidate,
    champion: Incumbent,
    episode: Episode,
    rows: pd.DataFrame,
    before: pd.DataFrame | None = None,
) -> tuple[GateInput, GateInput]:
    spec = episode.spec
    made = gate_inputs.make_candidate_input(
        "mutant",
        candidate.model,
        rows,
        spec,
        seen_until=candidate.seen_until,
        base=np.array(episode.base_rate),
        before=before,
    )
    return made, gate_inputs.make_champion_input(
        champion.name, champion.model, rows, spec, seen_until=champion.seen_until, before=before
    )


def _worse(one: Scored, rival: Scored, groups: dict[str, np.ndarray], spec: Spec) -> str:
    for name, margin in (("log_loss", WORSE_LOG_LOSS), ("auc", LOWER_AUC)):
        if worse := _measure_significant_loss(one, rival, name, margin, spec):
            return f"{name.replace('_', ' ')} worse by {worse:.3f}"
    error, rule = one.measure("calibration_error"), find_kind(spec).reliability
    # Below the bound the spec itself calls it good enough.
    if (
        rule is not None
        and error > rule.bound
        and (
            worse := _measure_significant_loss(one, rival, "calibration_error", MORE_CALIBRATION_ERROR, spec)
        )
    ):
        return f"calibration error {error:.3f}, worse by {worse:.3f}"
    warned, by_rival = _measure_warned_share(one), _measure_warned_share(rival)
    if warned < FEWEST_WARNED <= by_rival:
        return f"warns of {warned:.1%} of rows, the champion of {by_rival:.1%}"
    for column, values in groups.items():
        named = pool_slices(values, spec.gates.slices.minimum_rows)
        for name in sorted(set(named)):
            own, theirs = one.where(named == name), rival.where(named == name)
            if worse := _measure_significant_loss(own, theirs, "log_loss", WORSE_SLICE_LOG_LOSS, spec):
                return f"log loss of {column}={name} worse by {worse:.3f}"
    return ""


def _find_loss_on_rate(one: Scored, rows: pd.DataFrame, episode: Episode) -> str:
    """Whether the base rate of the training would have served better, whatever the champion does."""
    labels = make_examples(rows, episode.spec).labels
    alone = ScoredProbabilities(
        labels, np.full(len(labels), episode.base_rate), read_nights(rows, episode.spec)
    )
    worse = _measure_significant_loss(one, alone, "log_loss", WORSE_LOG_LOSS, episode.spec)
    return f"log loss worse than the base rate's by {worse:.3f}" if worse else ""


def _measure_warned_share(scored: Scored) -> float:
    """The share of rows that are said to be half as likely again as their average."""
    return float((scored.predictions >= WARNING * scored.predictions.mean()).mean())


def _measure_significant_loss(one: Scored, rival: Scored, metric: str, margin: float, spec: Spec) -> float:
    """By how much, if by the margin and at the gates' confidence; else 0."""
    better = estimate_improvement(one, rival, metric, confidence=spec.gates.confidence)
    return -better.value if better and better.value <= -margin and better.upper < 0 else 0.0


def _find_unserviceable(probes: RobustnessProbes, spec: Spec) -> str:
    if failures := probes.find_failures():
        return failures[0]
    if (widest := probes.measure_batch_variance()) > UNSTEADY:
        return f"the same row differs by {widest:.3f}"
    if (size := probes.megabytes()) > spec.gates.maximum_megabytes:
        return f"{size:.0f} MB"
    if (seconds := probes.seconds()) > spec.gates.maximum_seconds:
        return f"{seconds:.1f} s per 1,000 rows"
    return ""


def try_candidate(candidate: HarmfulCandidate, episode: Episode, champion: Incumbent, harm: str) -> Trial:
    """A mutant before all gates, as a candidate would be."""
    spec = episode.spec
    rows = episode.test_rows if candidate.rows is None else candidate.rows
    before = episode.chosen_rows if candidate.before is None else candidate.before
    inputs = _make_inputs(candidate, champion, episode, rows, before)
    groups = gate_inputs.group_rows(rows, spec)
    report = judge(*inputs, episode.spans.test, find_kind(spec), groups=groups)
    failed = tuple(result.gate for result in report.failed)
    return Trial(candidate.kind, candidate.what, episode.night, champion.name, harm, failed)


def mutants(episodes: list[Episode], count: int) -> Iterator[Trial]:
    """Mutants of every kind in turn, over the episodes and champions in turn, until so many that harm were tried.

    There are fewer only if there are no more. Those that do no harm face the gates too.
    """
    harmful = 0
    for turn in _take_turns(_try_kind(kind, episodes) for kind in MAKERS):
        yield from turn
        harmful += any(trial.harm for trial in turn)
        if harmful == count:
            return


def _take_turns(streams: Iterable[Iterator[T]]) -> Iterator[T]:
    """One of each stream, again and again, until all have ended."""
    left = deque(streams)
    while left:
        stream = left.popleft()
        for drawn in islice(stream, 1):
            left.append(stream)
            yield drawn


def _try_kind(kind: str, episodes: list[Episode]) -> Iterator[list[Trial]]:
    """A harmful mutant of the kind with the harmless ones before it, again and again; at last only harmless ones."""
    turn: list[Trial] = []
    streams = (_cases(MAKERS[kind], episode, place) for place, episode in enumerate(episodes))
    for candidate, episode, champion in _take_turns(streams):
        turn.append(try_candidate(candidate, episode, champion, measure_harm(candidate, episode, champion)))
        if turn[-1].harm:
            yield turn
            turn = []
    yield turn


def _cases(
    make: Callable[[Episode], Iterator[HarmfulCandidate]], episode: Episode, turn: int
) -> Iterator[tuple[HarmfulCandidate, Episode, Incumbent]]:
    for position, candidate in enumerate(make(episode)):
        own = episode.champions[(turn + position) % len(episode.champions)]
        yield candidate, episode, candidate.champion or own
