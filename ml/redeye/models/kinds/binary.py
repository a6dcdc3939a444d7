"""Binary: how likely it is that the label is true, said as a probability."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.spec_rules import RecalibrationRules
from redeye.models.algorithms.base import Floats
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.algorithms.storage import ALGORITHMS
from redeye.models.kinds.binary_spec import BinaryGates
from redeye.models.kinds.interface import Check, GateCase, Kind, Outcome, Reliability
from redeye.models.kinds.log_odds import judge_recalibration, move_odds
from redeye.models.kinds.scored_probabilities import ScoredProbabilities
from redeye.models.logic.amounts import Amount
from redeye.models.logic.blocks import Block, Cut, Form, Shares, Table
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.recalibration import JudgedRecalibration, Recalibration

HALF = 0.5


class Binary(Kind):
    """Probabilities of a label that is true or false."""

    name: ClassVar[str] = "binary"
    scored: ClassVar[type[Scored]] = ScoredProbabilities
    columns: tuple[str, ...] = ("probability",)
    meanings: Mapping[str, str] = {
        "probability": "Of the outcome that the model predicts, 0 to 1.",
        "baseline_probability": "The same from the heuristic, to compare with.",
        "raw_probability": "As the version gave it, before it was recalibrated.",
    }
    plural: ClassVar[str] = "probabilities"
    hit: ClassVar[str] = "the probability was on the outcome's side of one half"
    has_classes: ClassVar[bool] = True
    outcome_form: ClassVar[str] = "flag"
    base_metrics: ClassVar[tuple[str, ...]] = ("log_loss", "brier")
    algorithms: ClassVar[Mapping[str, str]] = ALGORITHMS

    @property
    def _gates(self) -> BinaryGates:
        return cast("BinaryGates", self.spec.gates)

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """A recalibration may lie between what the version said and what is served."""
        return ("raw_probability",)

    @property
    def reliability(self) -> Reliability:
        """Of rows that are given a probability, the share whose label is true."""
        return Reliability("calibration_error", "calibration error", self._gates.maximum_calibration_error)

    @property
    def charted(self) -> Mapping[str, str]:
        """Ranking, loss and calibration."""
        return {
            "auc": "AUC, higher is better",
            "log_loss": "Log loss, lower is better",
            "calibration_error": "Calibration error, lower is better",
        }

    @property
    def own_gates(self) -> Mapping[str, Callable[[GateCase], Check]]:
        """Ranking no worse than the champion's, and not so good that a feature must hold the outcome."""
        return {"ranking": self._check_ranking, "plausibility": self._check_plausibility}

    def score(
        self, labels: npt.ArrayLike, predictions: npt.ArrayLike, nights: npt.ArrayLike
    ) -> ScoredProbabilities:
        """Probabilities with their labels, 0 or 1."""
        return ScoredProbabilities(labels, predictions, nights)

    def check_labels(self, labels: Floats) -> None:
        """Refuse what is neither 0 nor 1."""
        ScoredProbabilities.check_labels(labels)

    def select_label(self, column: str) -> str:
        """0 or 1; what is no class is no label."""
        number = f"TRY_CAST({column} AS DOUBLE)"
        return f"CASE WHEN {number} IN (0, 1) THEN {number} END"

    def learn_base(self, labels: Floats) -> Floats:
        """How often the label is true, kept off 0 and 1 by a row of each."""
        return np.array((float(labels.sum()) + 1.0) / (len(labels) + 2.0))

    def describe_base(self, base: Floats) -> str:
        """The rate."""
        return f"the base rate of its training, {float(base):.2%}"

    def make_constant(self, base: Floats) -> HeuristicModel:
        """The heuristic without a past."""
        return HeuristicModel("", "", float(base), self.spec.algorithms.heuristic.prior_strength)

    def describe_answer(self, one: str, positive: str) -> dict[str, str]:
        """What will be, in the word for it."""
        return {
            **super().describe_answer(one, positive),
            "probability": f"That the {one} will be {positive}, 0 to 1.",
        }

    def recalibrate(self, raw: Floats, by: Recalibration) -> Floats:
        """With an intercept and a slope on the log odds."""
        return move_odds(raw, by)

    def judge_recalibration(self, rows: pd.DataFrame, night: date) -> JudgedRecalibration | None:
        """Those after a night, and whether such ones made probabilities better."""
        spec = self.spec
        if not isinstance(spec.recalibration, RecalibrationRules):
            return None
        return judge_recalibration(
            rows,
            night,
            spec.recalibration,
            maturity=spec.label_maturity_nights,
            lag=spec.effective_lag_nights,
            confidence=spec.gates.confidence,
        )

    def describe_recalibration(self, by: Recalibration, prediction: Mapping[str, Any]) -> str:
        """What it did to the log odds."""
        return (
            f"{prediction['raw_probability']!r} as the version gave it, whose log odds were multiplied by "
            f"{by.slope!r}, and {by.intercept!r} added; effects of inputs are on the raw one"
        )

    @property
    def amount(self) -> Amount:
        """The probability as the version gave it."""
        return Amount("raw_probability", "probability", is_share=True)

    def show_matured(self, rows: pd.DataFrame, cuts: Sequence[Cut]) -> tuple[Block, ...]:
        """Calibration of all, and the quality of each cut that has both outcomes."""
        whole = self._score_known(rows, "probability").metrics()
        bins = [(one.mean_prediction, one.observed_rate, one.rows) for one in whole.calibration]
        found: list[tuple[str | float | None, ...]] = []
        for cut in cuts:
            own = rows.iloc[list(cut.rows)]
            if own["label"].nunique() < 2:
                continue
            metrics = self._score_known(own, "probability").metrics()
            baseline = self._score_known(own, "baseline_probability").metrics()
            means = float(own["label"].mean()), float(own["probability"].mean())
            found.append((cut.by, cut.value, len(own), *means, metrics.auc, baseline.auc, metrics.log_loss))
        heads = (("Slice", Form.TEXT), ("", Form.TEXT), ("Rows", Form.COUNT))
        shares = (("Observed", Form.SHARE), ("Predicted", Form.SHARE))
        quality = (("AUC", Form.NUMBER), ("Heuristic", Form.NUMBER), ("Log loss", Form.NUMBER))
        left_out = len(cuts) - len(found)
        note = f"{left_out} slices with one outcome alone are left out." if left_out else ""
        return (
            Shares("Predicted and observed share, by tenths", bins),
            Table((*heads, *shares, *quality), found, note),
        )

    @staticmethod
    def _score_known(rows: pd.DataFrame, column: str) -> ScoredProbabilities:
        known = rows[rows[column].notna()]
        return ScoredProbabilities(
            known["label"].to_numpy(), known[column].to_numpy(), known["night"].to_numpy()
        )

    def read_outcome(self, label: float) -> bool:
        """True or false."""
        return label == 1

    def is_hit(self, row: Mapping[str, Any], outcome: Outcome) -> bool:
        """Whether the probability was on the outcome's side of one half."""
        return bool((row["probability"] >= HALF) == outcome)

    def _check_ranking(self, case: GateCase) -> Check:
        better, bound = case.compare("auc"), -self._gates.maximum_auc_drop
        reason = (
            f"AUC against {case.champion_name} {better.value:+.4f}, at {case.confidence:.0%} confidence at "
            f"worst {better.lower:+.4f}; {bound:+.4f} is allowed"
        )
        return Check(better.lower >= bound, better.lower, bound, reason)

    def _check_plausibility(self, case: GateCase) -> Check:
        auc, bound = case.ours.measure("auc"), self._gates.maximum_auc
        if not np.isfinite(auc):
            raise ValueError("the AUC is not defined")
        reason = f"AUC {auc:.3f}; above {bound:g} some feature must hold the outcome"
        return Check(auc <= bound, auc, bound, reason)
