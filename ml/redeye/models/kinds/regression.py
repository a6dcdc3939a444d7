"""Regression: how much, said as a number between two bounds that hold as often as they promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.models.algorithms.average import AverageModel
from redeye.models.algorithms.base import Examples, Floats, Model, Training
from redeye.models.kinds.bound_recalibration import judge_bounds, move_bounds
from redeye.models.kinds.interface import (
    Check,
    GateCase,
    Kind,
    Outcome,
    Reliability,
    fill_raw,
    stack_columns,
)
from redeye.models.kinds.quantile_blocks import show_quantiles
from redeye.models.kinds.quantile_models import (
    QuantileAverage,
    QuantileHeuristic,
    QuantileModel,
    QuantileTraining,
    Question,
)
from redeye.models.kinds.regression_spec import BoundsRules, RegressionGates, RegressionTarget
from redeye.models.kinds.scored_quantiles import ScoredQuantiles, order_quantiles
from redeye.models.logic.amounts import Amount, Step, round_number
from redeye.models.logic.blocks import Block, Cut
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.recalibration import JudgedRecalibration, Recalibration

_MODELS = "redeye.models.kinds.quantile_models"


class Regression(Kind):
    """Numbers, each with a lower and an upper bound."""

    name: ClassVar[str] = "regression"
    scored: ClassVar[type[Scored]] = ScoredQuantiles
    columns: tuple[str, ...] = ("value", "lower", "upper")
    meanings: Mapping[str, str] = {
        "value": "Of the number that the model predicts, as the spec's middle quantile.",
        "lower": "Bound below it, as the spec's first quantile.",
        "upper": "Bound above it, as the spec's last quantile.",
        "raw_lower": "The lower bound as the version gave it, before it was moved.",
        "raw_upper": "The upper bound, so.",
        "baseline_value": "The number as the heuristic has it, to compare with.",
        "baseline_lower": "Its lower bound.",
        "baseline_upper": "Its upper bound.",
    }
    plural: ClassVar[str] = "values"
    hit: ClassVar[str] = "it came within the bounds"
    base_metrics: ClassVar[tuple[str, ...]] = ("pinball_loss",)
    algorithms: ClassVar[Mapping[str, str]] = {
        "heuristic": f"{_MODELS}:QuantileHeuristic",
        "xgboost": "redeye.models.kinds.quantile_trees:QuantileTrees",
        "average": f"{_MODELS}:QuantileAverage",
    }

    @property
    def _target(self) -> RegressionTarget:
        return cast("RegressionTarget", self.spec.target)

    @property
    def _gates(self) -> RegressionGates:
        return cast("RegressionGates", self.spec.gates)

    @property
    def _question(self) -> Question:
        return Question(self._target.quantiles, self._target.integer)

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """A recalibration may lie between the version's bounds and those that are served."""
        return ("value", "raw_lower", "raw_upper")

    @property
    def reliability(self) -> Reliability:
        """The share of labels within the bounds."""
        return Reliability("coverage_error", "coverage error", self._gates.maximum_coverage_error)

    @property
    def charted(self) -> Mapping[str, str]:
        """As of every kind; a narrow interval is better only where as many labels lie within."""
        return {**super().charted, "mean_width": "Width of the interval, lower is better at equal coverage"}

    @property
    def own_gates(self) -> Mapping[str, Callable[[GateCase], Check]]:
        """Not so good that a feature must hold the outcome."""
        return {"plausibility": self._check_plausibility}

    def score(
        self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike
    ) -> ScoredQuantiles:
        """Numbers and bounds with their labels."""
        return ScoredQuantiles(labels, predictions, nights, self._target.quantiles)

    def check_labels(self, labels: Floats) -> None:
        """Refuse what is no number, or no whole one where the spec says that labels are."""
        ScoredQuantiles.check_labels(labels)
        if self._target.integer and (labels != np.rint(labels)).any():
            raise ValueError(
                "a label is no whole number although target.integer says so: leave target.integer out"
            )

    def select_label(self, column: str) -> str:
        """Any finite number."""
        number = f"TRY_CAST({column} AS DOUBLE)"
        return f"CASE WHEN isfinite({number}) THEN {number} END"

    def learn_base(self, labels: Floats) -> Floats:
        """The quantiles of all labels."""
        return order_quantiles(np.quantile(labels, self._target.quantiles))

    def describe_base(self, base: Floats) -> str:
        """The quantiles."""
        value, lower, upper = base
        return f"the quantiles of its training, {value:.4g} between {lower:.4g} and {upper:.4g}"

    def make_constant(self, base: Floats) -> QuantileHeuristic:
        """The heuristic without groups."""
        value, lower, upper = (float(each) for each in base)
        return QuantileHeuristic(self._question, (lower, value, upper))

    def read_outcome(self, label: float) -> float:
        """The number."""
        return label

    def is_hit(self, row: Mapping[str, Any], outcome: Outcome) -> bool:
        """Whether the number came within its bounds."""
        return bool(row["lower"] <= float(outcome) <= row["upper"])

    def derive_checks(self, rows: pd.DataFrame) -> Mapping[str, pd.Series]:
        """How far a number lies outside its bounds, and how wide they are on average."""
        beyond = (rows["lower"] - rows["value"]).clip(lower=0) + (rows["value"] - rows["upper"]).clip(lower=0)
        width = (rows["upper"] - rows["lower"]).mean()
        return {"beyond_bounds": beyond, "mean_width": pd.Series(width, index=rows.index)}

    def fit(self, name: str, training: Training, params: Any) -> Model[Any]:  # noqa: ANN401  as the interface has it
        """What an algorithm learns of the spec's quantiles."""
        given = {each.name: getattr(training, each.name) for each in fields(Training)}
        return super().fit(name, QuantileTraining(**given, question=self._question), params)

    def make_average(self, members: Mapping[str, Model[Any]]) -> QuantileAverage:
        """The mean of the members' quantiles."""
        return QuantileAverage(self._question, AverageModel(members))

    def adjust(self, model: Model[Any], judged: Examples) -> Model[Any]:
        """With bounds that are corrected by rows that the model was not fitted to."""
        if not isinstance(model, QuantileModel):
            return model
        nights = judged.frame.get(self.spec.population.night)
        return model.correct(judged, "" if nights is None else _name_nights(nights))

    def recalibrate(self, raw: Floats, by: Recalibration) -> Floats:
        """With both bounds moved."""
        return move_bounds(raw, by)

    def judge_recalibration(self, rows: pd.DataFrame, night: date) -> JudgedRecalibration | None:
        """By how much they would be moved after a night, and whether they are off."""
        rules = self.spec.recalibration
        if not isinstance(rules, BoundsRules):
            return None
        return judge_bounds(
            self._score_stored(fill_raw(rows, self), self.raw_columns),
            night,
            rules,
            confidence=self.spec.gates.confidence,
        )

    def describe_recalibration(self, by: Recalibration, prediction: Mapping[str, Any]) -> str:
        """From where to where the bounds were moved."""
        way = "outwards" if by.intercept >= 0 else "inwards"
        return (
            f"between {prediction['raw_lower']!r} and {prediction['raw_upper']!r} as the version gave it; both bounds "
            f"were moved {way} by {abs(by.intercept)!r}"
        )

    def _score_stored(self, rows: pd.DataFrame, columns: Sequence[str]) -> ScoredQuantiles:
        labels, nights = rows["label"].to_numpy(), rows["night"].to_numpy()
        return self.score(labels, stack_columns(rows, columns), nights)

    @property
    def amount(self) -> Amount:
        """The number as it was learned, before it is rounded to a whole one."""
        return Amount("learned_value", "value")

    def measure_amount(self, model: Model[Any], frame: pd.DataFrame) -> Floats:
        """The middle quantile, not rounded."""
        return super().measure_amount(_loosen(model), frame)

    def show_matured(self, rows: pd.DataFrame, cuts: Sequence[Cut]) -> tuple[Block, ...]:
        """Whether quantiles hold as often as they promise, as a whole, by night and by cut; widths and residuals."""
        scored, baseline = (self._score_stored(rows, each) for each in (self.columns, self.baseline_columns))
        return show_quantiles(scored, baseline, cuts, self.spec.gates.confidence)

    def trace(self, model: Model[Any], row: pd.DataFrame) -> tuple[Step, ...]:
        """The quantiles as learned, moved by what later nights said, and rounded."""
        if not isinstance(model, QuantileModel):
            return ()
        question, (low, _, high) = model.question, self._target.quantiles
        judged = f"the {question.rows} labels" if question.rows else "the labels"
        moved = (
            f"both bounds moved {'outwards' if question.margin >= 0 else 'inwards'} by "
            f"{round_number(abs(question.margin), 4)}: so they held {high - low:.0%} of {judged} of "
            f"{question.nights or 'the nights that the model was stopped by'}"
        )
        steps = [
            (
                f"the quantiles as learned, {low:g} and {high:g} for the bounds",
                _loosen(model, is_moved=False),
            ),
            (moved, _loosen(model)),
        ]
        if question.is_integer:
            steps.append(("rounded to whole numbers, the bounds inwards", model))
        return tuple(
            Step(text, {name: float(each[0]) for name, each in self.split(by.predict(row)).items()})
            for text, by in steps
        )

    def _check_plausibility(self, case: GateCase) -> Check:
        share, bound = case.ours.measure("relative_pinball_loss"), self._gates.minimum_relative_loss
        if not np.isfinite(share):
            raise ValueError("the labels are all the same: nothing can be told of them")
        reason = (
            f"pinball loss is {share:.3f} of that of the labels' own quantiles; below {bound:g} some feature must "
            "hold the outcome"
        )
        return Check(share >= bound, share, bound, reason)


def _loosen(model: Model[Any], *, is_moved: bool = True) -> Model[Any]:
    """The model before it rounds and, if it is not moved, before its bounds were corrected."""
    if not isinstance(model, QuantileModel):
        return model
    margin = model.question.margin if is_moved else 0.0
    return replace(model, question=replace(model.question, is_integer=False, margin=margin))


def _name_nights(nights: pd.Series) -> str:
    first, last = (f"{pd.Timestamp(each):%Y-%m-%d}" for each in (nights.min(), nights.max()))
    return f"the nights {first} to {last}"
