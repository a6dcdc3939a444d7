"""The result of a season: the loop beside the model that was never retrained and the heuristic, on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial

import numpy as np
import pandas as pd

from redeye.champions.logic.promotions import Promotion
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.evaluation import Interval, Scored, estimate_improvement, interval
from redeye.models.logic.interval_text import describe_improvement, format_interval
from redeye.monitoring.logic.quality import CONFIDENCE

METRICS = ("auc", "log_loss")
# Two sums in another order differ by less.
SAME = 1e-9


class Contestant(StrEnum):
    """Whose probabilities; each has a column of the rows."""

    LOOP = "loop"
    NEVER = "never retrained"
    HEURISTIC = "heuristic"

    @property
    def column(self) -> str:
        """Its column."""
        return {
            Contestant.LOOP: "probability",
            Contestant.NEVER: "never_probability",
            Contestant.HEURISTIC: "baseline_probability",
        }[self]


RIVALS = (Contestant.NEVER, Contestant.HEURISTIC)


@dataclass(frozen=True)
class Figure:
    """A metric of one contestant over all rows; `interval` is None where it is not defined."""

    contestant: Contestant
    metric: str
    interval: Interval | None


@dataclass(frozen=True)
class Lead:
    """How much better the loop is than a rival on the same rows and nights; positive is better."""

    rival: Contestant
    metric: str
    interval: Interval | None

    def sentence(self) -> str:
        """In words, with the interval."""
        name = "AUC" if self.metric == "auc" else self.metric.replace("_", " ")
        found = self.interval
        if found is None:
            return f"{name} against {self.rival}: not defined on these rows"
        if max(abs(found.value), abs(found.lower), abs(found.upper)) < SAME:
            return f"{name} of the loop against {self.rival}: the same"
        what = describe_improvement(found)
        return f"{name} of the loop against {self.rival}: {what}, {format_interval(found, '+.4f')}"


@dataclass(frozen=True)
class Season:
    """The headline.

    Attributes:
        rows: with a label that all three gave a probability.
        base_rate: of their labels.
    """

    nights: int
    rows: int
    base_rate: float
    figures: tuple[Figure, ...]
    leads: tuple[Lead, ...]


def select_first_promotions(promotions: Sequence[Promotion], first: date) -> tuple[Promotion, ...]:
    """The promotions that were decided before the first night: what would serve if nothing had been decided since."""
    return tuple(each for each in promotions if each.decided_night < first)


def measure_season(rows: pd.DataFrame) -> Season:
    """Pool all rows, which have `night`, `label` and a column of each contestant."""
    scored = {each: _make_scored(rows, each) for each in Contestant}
    estimate = partial(interval, confidence=CONFIDENCE)
    lead = partial(estimate_improvement, scored[Contestant.LOOP], confidence=CONFIDENCE)
    return Season(
        nights=int(rows["night"].nunique()),
        rows=len(rows),
        base_rate=float(rows["label"].mean()),
        figures=tuple(
            Figure(each, metric, estimate(one, metric)) for metric in METRICS for each, one in scored.items()
        ),
        leads=tuple(
            Lead(rival, metric, lead(scored[rival], metric)) for rival in RIVALS for metric in METRICS
        ),
    )


def measure_weeks(rows: pd.DataFrame, first: date) -> pd.DataFrame:
    """Quality by week: seven nights each from the first one on, the last may have fewer.

    Returns:
        A row per week with rows: `week` (its first night), `nights`, `rows`, `base_rate`, `versions`, and
        `<metric>_<contestant>`; NaN where a metric is not defined.
    """
    begin = pd.Timestamp(first)
    numbers = (pd.to_datetime(rows["night"]) - begin).dt.days // 7
    found = []
    for number, part in rows.groupby(numbers):
        scored = {each: _make_scored(part, each) for each in Contestant}
        once = np.ones((1, part["night"].nunique()))
        found.append(
            {
                "week": (begin + pd.Timedelta(weeks=int(str(number)))).date(),
                "nights": part["night"].nunique(),
                "rows": len(part),
                "base_rate": float(part["label"].mean()),
                "versions": ", ".join(str(each) for each in sorted(part["model_version"].unique())),
                **{
                    f"{metric}_{each.name.lower()}": float(one.resample(metric, once)[0])
                    for metric in METRICS
                    for each, one in scored.items()
                },
            }
        )
    return pd.DataFrame(found)


def weeks_ahead(weeks: pd.DataFrame, rival: Contestant, metric: str) -> tuple[int, int, int]:
    """Weeks in which the loop's figure is better, the same and worse than a rival's."""
    ahead = weeks[f"{metric}_loop"] - weeks[f"{metric}_{rival.name.lower()}"]
    if metric not in ScoredProbabilities.HIGHER_IS_BETTER:
        ahead = -ahead
    return int((ahead > 0).sum()), int((ahead == 0).sum()), int((ahead < 0).sum())


def _make_scored(rows: pd.DataFrame, contestant: Contestant) -> Scored:
    return ScoredProbabilities(
        rows["label"].to_numpy(), rows[contestant.column].to_numpy(), rows["night"].to_numpy("datetime64[D]")
    )
