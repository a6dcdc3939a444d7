"""The quality of a champion's own predictions over some nights, with intervals: what a verdict is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot

from redeye.models.logic.evaluation import Interval, Scored, estimate_improvement, interval

# One-sided, at each end of an interval.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Predecessor:
    """A version that the model can return to, on the champion's own rows of its whole reign.

    Attributes:
        nights: on which both are compared.
        gain: by how much its loss is better than the champion's, in the mean over these nights.
        evidence: that it is better, by `rollback_evidence`.
        needed: evidence from which it is significantly better.
    """

    version: int
    name: str
    nights: int
    gain: float
    evidence: float
    needed: float


@dataclass(frozen=True)
class Window:
    """The quality of the last nights whose labels have matured, pooled: the champion's own predictions.

    Attributes:
        rows: those that this champion predicted, not degraded, with a matured label.
        nights: how many nights they come from.
        champion: metric to value, of the predictions as they were made.
        heuristic: the same metrics of the baseline, on the same rows.
        measured: of the kind's `MEASURES`, with intervals; None where one is not defined.
        over_heuristic: of the kind's `COMPARED`, how much better than the heuristic on the same rows.
        reference: of the kind's `MEASURES`, the champion's first nights in service; empty while it serves no longer.
        degraded_share: of the rows of those of these nights whose champion it was, those that it did not predict
            itself or that were scored from less than usual.
        age_nights: since what the champion knows was known; None if there is none.
        kept_nights_ago: since the last training whose candidate did not replace it; None if there was none.
        is_last_resort: whether the champion is the first one, from which no rollback leads away.
        predecessors: versions that the model can return to, in the order in which it would.
    """

    rows: int
    nights: int
    champion: Mapping[str, float]
    heuristic: Mapping[str, float]
    measured: Mapping[str, Interval | None]
    over_heuristic: Mapping[str, Interval | None]
    reference: Mapping[str, Interval]
    degraded_share: float = 0.0
    age_nights: int | None = None
    kept_nights_ago: int | None = None
    is_last_resort: bool = False
    predecessors: tuple[Predecessor, ...] = ()


def measure_window(
    champion: Scored | None,
    heuristic: Scored | None,
    *,
    reference: Mapping[str, Interval],
    degraded_share: float = 0.0,
    age_nights: int | None = None,
) -> Window:
    """Measure a window of the champion's predictions and the heuristic's of the same rows; None: no rows."""
    if champion is None or heuristic is None:
        return Window(0, 0, {}, {}, {}, {}, reference, degraded_share, age_nights)
    compared = {
        metric: estimate_improvement(champion, heuristic, metric, confidence=CONFIDENCE)
        for metric in champion.COMPARED
    }
    return Window(
        rows=champion.labels.size,
        nights=len(champion.nights),
        champion=champion.list_plain_metrics(),
        heuristic=heuristic.list_plain_metrics(),
        measured=measure_quality(champion),
        over_heuristic=compared,
        reference=reference,
        degraded_share=degraded_share,
        age_nights=age_nights,
    )


def measure_quality(scored: Scored) -> dict[str, Interval | None]:
    """The kind's `MEASURES` with their intervals."""
    return {metric: interval(scored, metric, confidence=CONFIDENCE) for metric in scored.MEASURES}


def rise(now: Interval, then: Interval) -> Interval:
    """How much higher a metric is now, where both were measured on nights of their own.

    The bounds combine the two intervals' arms (Zou & Donner 2008, "Construction of confidence limits about
    effect measures", Statistics in Medicine 27): the arms need not be equal.
    """
    value = now.value - then.value
    return Interval(
        value,
        value - hypot(now.value - now.lower, then.upper - then.value),
        value + hypot(now.upper - now.value, then.value - then.lower),
    )
