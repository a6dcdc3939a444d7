"""Multiclass: which of several, said as a probability of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.spec_rules import RecalibrationRules
from redeye.declarations.specs import Spec
from redeye.models.algorithms.average import AverageModel
from redeye.models.algorithms.base import Examples, Floats, Model, Training
from redeye.models.kinds.classes.class_blocks import show_classes
from redeye.models.kinds.classes.class_models import (
    Choice,
    ClassAverage,
    ClassHeuristic,
    ClassModel,
    ClassTraining,
    count_shares,
)
from redeye.models.kinds.classes.scored_classes import ScoredClasses
from redeye.models.kinds.classes.temperature import judge_temperature, recalibrate_classes
from redeye.models.kinds.interface import (
    Check,
    GateCase,
    Kind,
    Reliability,
    fill_raw,
    stack_columns,
)
from redeye.models.kinds.multiclass_spec import MulticlassGates, MulticlassTarget, name_class_column
from redeye.models.logic.amounts import Amount, Step
from redeye.models.logic.blocks import Block, Cut
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.recalibration import JudgedRecalibration, Recalibration

_MODELS = "redeye.models.kinds.classes.class_models"
PREDICTED = "predicted_class"


class Multiclass(Kind):
    """A probability of each of several classes."""

    name: ClassVar[str] = "multiclass"
    scored: ClassVar[type[Scored]] = ScoredClasses
    plural: ClassVar[str] = "probabilities"
    hit: ClassVar[str] = "the likeliest class came"
    lists_outcomes: ClassVar[bool] = True
    outcome_form: ClassVar[str] = "text"
    base_metrics: ClassVar[tuple[str, ...]] = ("log_loss", "brier")
    texts: ClassVar[Mapping[str, str]] = {PREDICTED: "The likeliest class, as the label's column names it."}
    algorithms: ClassVar[Mapping[str, str]] = {
        "heuristic": f"{_MODELS}:ClassHeuristic",
        "logistic": "redeye.models.kinds.classes.class_logistic:ClassLogistic",
        "xgboost": "redeye.models.kinds.classes.class_trees:ClassTrees",
        "torch": "redeye.models.kinds.classes.class_network:ClassTorch",
        "average": f"{_MODELS}:ClassAverage",
    }

    def __init__(self, spec: Spec) -> None:
        """Takes the columns from the classes that the spec declares."""
        super().__init__(spec)
        self.classes = cast("MulticlassTarget", spec.target).classes
        named = {name_class_column(each): each for each in self.classes}
        self.columns = tuple(named)
        self.meanings = {
            **{column: f"Of the class {each}, 0 to 1." for column, each in named.items()},
            **{
                f"baseline_{column}": f"The same of {each} from the heuristic."
                for column, each in named.items()
            },
            **{
                f"raw_{column}": f"That of {each} as the version gave it, before it was recalibrated."
                for column, each in named.items()
            },
        }

    @property
    def _gates(self) -> MulticlassGates:
        return cast("MulticlassGates", self.spec.gates)

    @property
    def _choice(self) -> Choice:
        return Choice(self.classes)

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """A recalibration may lie between what the version said and what is served."""
        return tuple(f"raw_{name}" for name in self.columns)

    @property
    def shown(self) -> Mapping[str, str]:
        """The likeliest class, and the probability of each."""
        return {PREDICTED: "Likeliest", **dict(zip(self.columns, self.classes, strict=True))}

    @property
    def reliability(self) -> Reliability:
        """Of rows that are given a probability of a class, the share that is of it."""
        return Reliability("calibration_error", "calibration error", self._gates.maximum_calibration_error)

    @property
    def own_gates(self) -> Mapping[str, Callable[[GateCase], Check]]:
        """Accuracy no worse than the champion's, and not so good that a feature must hold the outcome."""
        return {"accuracy": self._check_accuracy, "plausibility": self._check_plausibility}

    def score(
        self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike
    ) -> ScoredClasses:
        """Probabilities of classes with the positions of those that came."""
        return ScoredClasses(labels, predictions, nights, self.classes)

    def check_labels(self, labels: Floats) -> None:
        """Refuse what is no position of a declared class."""
        ScoredClasses.check_labels(labels)
        if (labels >= len(self.classes)).any():
            raise ValueError(f"a label is none of the {len(self.classes)} classes of target.classes")

    def select_label(self, column: str) -> str:
        """The position of the class; of one that is not declared, that of `target.unseen_class`, else none."""
        text, unseen = f"CAST({column} AS VARCHAR)", cast("MulticlassTarget", self.spec.target).unseen_class
        known = " ".join(
            f"WHEN {text} = '{name.replace(chr(39), chr(39) * 2)}' THEN {place}::DOUBLE"
            for place, name in enumerate(self.classes)
        )
        other = (
            "" if unseen is None else f" WHEN {column} IS NOT NULL THEN {self.classes.index(unseen)}::DOUBLE"
        )
        return f"CASE {known}{other} END"

    def select_learned(self, column: str) -> str:
        """As `select_label`: a class is no number by itself."""
        return self.select_label(column)

    def learn_base(self, labels: Floats) -> Floats:
        """The share of each class, kept off 0 by a row of each."""
        return count_shares(labels, len(self.classes))

    def describe_base(self, base: Floats) -> str:
        """The shares."""
        told = ", ".join(f"{name} {share:.1%}" for name, share in zip(self.classes, base, strict=True))
        return f"the shares of its training, {told}"

    def make_constant(self, base: Floats) -> ClassHeuristic:
        """The heuristic without groups."""
        return ClassHeuristic(self._choice, tuple(float(each) for each in base))

    def describe_answer(self, one: str, positive: str) -> dict[str, str]:
        """What will be, in the label's own words."""
        told = {
            column: f"That {positive} of the {one} will be {name}, 0 to 1."
            for column, name in zip(self.columns, self.classes, strict=True)
        }
        return {**super().describe_answer(one, positive), **told}

    def read_outcome(self, label: float) -> str:
        """The class."""
        return self.classes[int(label)]

    def is_hit(self, row: Mapping[str, Any], outcome: bool | float | str) -> bool:
        """Whether the likeliest class came."""
        told = [float(row[name]) for name in self.columns]
        return self.classes[int(np.argmax(told))] == outcome

    def name_texts(self, rows: pd.DataFrame) -> Mapping[str, Sequence[str]]:
        """The likeliest class of each row, of equal ones the first."""
        likeliest = stack_columns(rows, self.columns).argmax(axis=1)
        return {PREDICTED: np.array(self.classes, dtype=object)[likeliest].tolist()}

    @property
    def told(self) -> tuple[str, bool]:
        """Which classes are the likeliest, and how often."""
        return PREDICTED, False

    def derive_checks(self, rows: pd.DataFrame) -> Mapping[str, pd.Series]:
        """How far a row's probabilities are from the sum 1, and the share of the night's commonest prediction."""
        told = rows[list(self.columns)].astype("float64")
        likeliest = told.fillna(-1.0).to_numpy().argmax(axis=1)
        most = float(np.bincount(likeliest).max() / len(rows)) if len(rows) else 0.0
        return {
            "sum_error": (told.sum(axis=1) - 1).abs(),
            "commonest_share": pd.Series(most, index=rows.index),
        }

    def fit(self, name: str, training: Training, params: Any) -> Model[Any]:  # noqa: ANN401  as the interface has it
        """What an algorithm learns of the spec's classes."""
        given = {each.name: getattr(training, each.name) for each in fields(Training)}
        return super().fit(name, ClassTraining(**given, choice=self._choice), params)

    def make_average(self, members: Mapping[str, Model[Any]]) -> ClassAverage:
        """The members' geometric mean."""
        return ClassAverage(self._choice, AverageModel(members))

    def adjust(self, model: Model[Any], judged: Examples) -> Model[Any]:
        """With the temperature that rows ask for which the model was not fitted to."""
        if not isinstance(model, ClassModel):
            return model
        nights = judged.frame.get(self.spec.population.night)
        return model.correct(judged, "" if nights is None else _name_nights(nights))

    def recalibrate(self, raw: Floats, by: Recalibration) -> Floats:
        """Sharpened or blunted by the slope."""
        return recalibrate_classes(raw, by)

    def judge_recalibration(self, rows: pd.DataFrame, night: date) -> JudgedRecalibration | None:
        """The slope after a night, and whether such ones made probabilities better."""
        spec = self.spec
        if not isinstance(spec.recalibration, RecalibrationRules):
            return None
        return judge_temperature(
            rows,
            stack_columns(fill_raw(rows, self), self.raw_columns),
            night,
            spec.recalibration,
            maturity=spec.label_maturity_nights,
            lag=spec.effective_lag_nights,
            confidence=spec.gates.confidence,
        )

    def describe_recalibration(self, by: Recalibration, prediction: Mapping[str, Any]) -> str:
        """What it did to the probability of the likeliest class."""
        name, raw = max(
            (
                (each, float(prediction[f"raw_{column}"]))
                for each, column in zip(self.classes, self.columns, strict=True)
            ),
            key=lambda each: each[1],
        )
        return (
            f"{raw!r} for {name} as the version gave it; all log probabilities were multiplied by {by.slope!r}; "
            "effects of inputs are on the raw one"
        )

    @property
    def amount(self) -> Amount:
        """The probability of the likeliest class, as the version gave it."""
        return Amount("raw_likeliest", "probability of the likeliest class", is_share=True)

    def choose_amount(self, model: Model[Any], row: pd.DataFrame) -> Callable[[pd.DataFrame], Floats]:
        """The probability of the class that is the likeliest of this row."""
        place = int(model.predict(row)[0].argmax())
        return lambda frame: np.ascontiguousarray(model.predict(frame)[:, place])

    def trace(self, model: Model[Any], row: pd.DataFrame) -> tuple[Step, ...]:
        """The probabilities as learned, and sharpened or blunted by what later nights said."""
        if not isinstance(model, ClassModel):
            return ()
        choice = model.choice
        of = (
            f"the {choice.rows} labels of {choice.nights}"
            if choice.rows and choice.nights
            else "later labels"
        )
        told = "sharpened" if choice.slope >= 1 else "blunted"
        steps = (
            ("the probabilities as learned", replace(model, choice=replace(choice, slope=1.0))),
            (f"{told} by temperature {1 / choice.slope:.3f}, which {of} ask for", model),
        )
        return tuple(
            Step(text, {name: float(each[0]) for name, each in self.split(by.predict(row)).items()})
            for text, by in steps
        )

    def show_matured(self, rows: pd.DataFrame, cuts: Sequence[Cut]) -> tuple[Block, ...]:
        """Calibration, what came of what was predicted, shares by night, and the quality of each cut."""
        scored, baseline = (
            self.score(rows["label"].to_numpy(), stack_columns(rows, each), rows["night"].to_numpy())
            for each in (self.columns, self.baseline_columns)
        )
        return show_classes(scored, baseline, cuts)

    def _check_accuracy(self, case: GateCase) -> Check:
        better, bound = case.compare("accuracy"), -self._gates.maximum_accuracy_drop
        reason = (
            f"accuracy against {case.champion_name} {better.value:+.4f}, at {case.confidence:.0%} confidence at "
            f"worst {better.lower:+.4f}; {bound:+.4f} is allowed"
        )
        return Check(better.lower >= bound, better.lower, bound, reason)

    def _check_plausibility(self, case: GateCase) -> Check:
        share, bound = case.ours.measure("relative_log_loss"), self._gates.minimum_relative_loss
        if not np.isfinite(share):
            raise ValueError("the labels are all the same: nothing can be told of them")
        reason = (
            f"log loss is {share:.3f} of that of the labels' own shares; below {bound:g} some feature must hold the "
            "outcome"
        )
        return Check(share >= bound, share, bound, reason)


def _name_nights(nights: pd.Series) -> str:
    first, last = (f"{pd.Timestamp(each):%Y-%m-%d}" for each in (nights.min(), nights.max()))
    return f"the nights {first} to {last}"
