"""Which gain the declared gates would see, on made-up nights: before there is a night."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from redeye.declarations.calendar import find_night_on, list_nights, shift_nights
from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Floats
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.splits import Window
from redeye.promotion.logic.gate_report import Gate
from redeye.promotion.logic.gates import GateInput, judge
from redeye.studies.gate_power.logic.gate_power import OPERATIONAL
from redeye.studies.gate_power.logic.made_nights import Circumstances

# Strengths of the hint that the candidate is given and the champion is not.
GAINED = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6)
# A gain that is promoted so often is the last one that is tried.
ENOUGH = 0.95
# Of parts of the rows nothing is declared that could be made up.
NOT_MADE = OPERATIONAL | {Gate.SLICES}
_RESAMPLED = 400
_FIRST = date(2001, 1, 1)


@dataclass(frozen=True)
class Try:
    """Candidates of one gain before the gates.

    Attributes:
        gain: by how much they are better in the primary metric, on average over the trials.
        of_champion: the champion's own.
        passed: how many of `of` would be promoted.
        refused: how many each gate refused.
    """

    gain: float
    of_champion: float
    passed: int
    of: int
    refused: dict[str, int]

    @property
    def rate(self) -> float:
        """The share that would be promoted."""
        return self.passed / self.of

    @property
    def error(self) -> float:
        """Its standard error, as of one trial more that went each way."""
        rate = (self.passed + 1) / (self.of + 2)
        return float(np.sqrt(rate * (1 - rate) / self.of))


@dataclass(frozen=True)
class Seen:
    """The gain that is promoted with a chance; NaN where none that was tried is."""

    chance: float
    gain: float
    error: float


def try_gains(
    spec: Spec, nights: Circumstances, *, trials: int, seed: int, report: Callable[[str], None]
) -> Iterator[Try]:
    """Candidates that know more and more before the gates, until nearly all pass.

    Raises:
        ValueError: if nothing can be made up for the kind of the spec's target.
    """
    kind = find_kind(spec)
    if not kind.has_classes or kind.scored.WIDTH:
        raise ValueError(
            f"{spec.model}: the gates of kind {kind.name} are not simulated, as only probabilities can be made up"
        )
    alike = 0.0
    for place, gained in enumerate(GAINED):
        report(f"{spec.model}: gain {place + 1} of at most {len(GAINED)}, {trials} trials")
        # The same nights for each gain: what differs between two of them is the gain.
        draws = [np.random.default_rng([seed, each]) for each in range(trials)]
        tried = _try(spec, kind, nights, gained, draws)
        if not gained:
            # In truth 0, as both know equally much: what chance made of it is in every gain on these nights.
            alike = tried.gain
        tried = replace(tried, gain=tried.gain - alike)
        yield tried
        if tried.rate >= ENOUGH:
            return


def _try(
    spec: Spec, kind: Kind, nights: Circumstances, gained: float, draws: Sequence[np.random.Generator]
) -> Try:
    windows = [_find_window(length) for length in (spec.split.test_nights, spec.split.validation_nights)]
    metric, sign = spec.gates.primary_metric, -1.0
    if metric in kind.scored.HIGHER_IS_BETTER:
        sign = 1.0
    passed, refused = 0, dict[str, int]()
    measured = []
    for random in draws:
        base = kind.learn_base(nights.draw_labels(spec.split.minimum_train_nights, random))
        champion, candidate = _draw_inputs(kind, nights, windows, gained, base, random)
        found = judge(candidate, champion, windows[0], kind)
        failed = [str(each.gate) for each in found.failed if each.gate not in NOT_MADE]
        passed += not failed
        for gate in failed:
            refused[gate] = refused.get(gate, 0) + 1
        if champion.scored and candidate.scored:
            measured.append([each.scored.measure(metric) for each in (champion, candidate) if each.scored])
    own, better = np.nanmean(np.array(measured), axis=0)
    return Try(float(sign * (better - own)), float(own), passed, len(draws), refused)


def _draw_inputs(
    kind: Kind,
    nights: Circumstances,
    windows: Sequence[Window],
    gained: float,
    base: Floats,
    random: np.random.Generator,
) -> tuple[GateInput, GateInput]:
    """Champion and candidate on the test window and on the nights that the candidate was chosen by."""
    scored = []
    for window in windows:
        labels = nights.draw_labels(window.nights, random)
        of_row = np.repeat(
            np.array(list(list_nights(window.first, window.last)), dtype="datetime64[D]"), nights.rows
        )
        said = nights.draw_predictions(labels, gained, random)
        scored.append([kind.score(labels, each, of_row) for each in said])
    seen = shift_nights(windows[0].first, -1)
    (champion, candidate), (champion_before, candidate_before) = scored
    return (
        GateInput("the champion", champion, seen, before=champion_before),
        GateInput("the candidate", candidate, seen, before=candidate_before, base=base),
    )


def _find_window(nights: int) -> Window:
    first = find_night_on(_FIRST)
    return Window(first, shift_nights(first, nights - 1))


def find_seen(tried: Sequence[Try], chance: float, *, seed: int) -> Seen:
    """The gain that is promoted with a chance, between those that were tried; its error by drawing the passes anew."""
    gains = np.array([each.gain for each in tried])
    order = np.argsort(gains, kind="stable")
    of = np.array([each.of for each in tried])[order]
    rates = np.array([each.rate for each in tried])[order]
    found = _cross(gains[order], rates, chance)
    random = np.random.default_rng(seed)
    smooth = (rates * of + 0.5) / (of + 1)
    again = [_cross(gains[order], random.binomial(of, smooth) / of, chance) for _ in range(_RESAMPLED)]
    return Seen(chance, found, float(np.nanstd(again)) if np.isfinite(again).any() else float("nan"))


def _cross(gains: Floats, rates: Floats, chance: float) -> float:
    """Where shares that cannot fall with the gain reach a chance, on the line between two neighbours."""
    from sklearn.isotonic import isotonic_regression

    rising = isotonic_regression(rates)
    at = int(np.searchsorted(rising, chance))
    if at == len(rising):
        return float("nan")
    if at == 0:
        return float(gains[0])
    share = (chance - rising[at - 1]) / (rising[at] - rising[at - 1])
    return float(gains[at - 1] + share * (gains[at] - gains[at - 1]))
