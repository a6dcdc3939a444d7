"""Regression: how much, said as a number between two bounds that hold as often as they promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.models.algorithms.average import AverageModel
from redeye.models.algorithms.base import Examples, Floats, Model, Training
from redeye.models.kinds.interface import Check, GateCase, Kind, Reliability
from redeye.models.kinds.quantile_models import (
    QuantileAverage,
    QuantileHeuristic,
    QuantileModel,
    QuantileTraining,
    Question,
)
from redeye.models.kinds.regression_spec import RegressionGates, RegressionTarget
from redeye.models.kinds.scored_quantiles import ScoredQuantiles, order_quantiles
from redeye.models.logic.evaluation import Scored

_MODELS = "redeye.models.kinds.quantile_models"


class Regression(Kind):
    """Numbers, each with a lower and an upper bound."""

    name: ClassVar[str] = "regression"
    scored: ClassVar[type[Scored]] = ScoredQuantiles
    columns: ClassVar[tuple[str, ...]] = ("value", "lower", "upper")
    meanings: ClassVar[Mapping[str, str]] = {
        "value": "Of the number that the model predicts, as the spec's middle quantile.",
        "lower": "Bound below it, as the spec's first quantile.",
        "upper": "Bound above it, as the spec's last quantile.",
        "baseline_value": "The number as the heuristic has it, to compare with.",
        "baseline_lower": "Its lower bound.",
        "baseline_upper": "Its upper bound.",
    }
    plural: ClassVar[str] = "values"
    hit: ClassVar[str] = "it came within the bounds"
    base_metrics: ClassVar[tuple[str, ...]] = ("pinball_loss",)
    algorithms: ClassVar[Mapping[str, str]] = {
        "heuristic": f"{_MODELS}:QuantileHeuristic",
        "xgboost": f"{_MODELS}:QuantileTrees",
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
    def reliability(self) -> Reliability:
        """The share of labels within the bounds."""
        return Reliability("coverage_error", "coverage error", self._gates.maximum_coverage_error)

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

    def is_hit(self, row: Mapping[str, Any], outcome: bool | float) -> bool:
        """Whether the number came within its bounds."""
        return bool(row["lower"] <= outcome <= row["upper"])

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
        return model.correct(judged) if isinstance(model, QuantileModel) else model

    def _check_plausibility(self, case: GateCase) -> Check:
        share, bound = case.ours.measure("relative_pinball_loss"), self._gates.minimum_relative_loss
        if not np.isfinite(share):
            raise ValueError("the labels are all the same: nothing can be told of them")
        reason = (
            f"pinball loss is {share:.3f} of that of the labels' own quantiles; below {bound:g} some feature must "
            "hold the outcome"
        )
        return Check(share >= bound, share, bound, reason)
