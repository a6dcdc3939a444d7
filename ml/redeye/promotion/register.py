"""Registering what a training fitted, each version with its card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from redeye.features.logic.past_caveats import Caveat
from redeye.models import mlflow_registry
from redeye.models.algorithms.base import Model
from redeye.models.logic.evaluation import Metrics
from redeye.models.logic.splits import Windows
from redeye.models.logic.training_subject import Subject
from redeye.models.mlflow_registry import Version
from redeye.models.software import read_software
from redeye.promotion.logic.model_card import Card
from redeye.promotion.mlflow_runs import TrainingRun


@dataclass(frozen=True)
class Candidate:
    """A fitted model with the version that it was registered as: what is evaluated, described and promoted.

    Attributes:
        name: among those of the training; empty if it was not selected from them.
        validation: the metrics on the validation window, None if there was none.
        parent_version: that it continues; None if it was fitted from nothing.
    """

    name: str
    model: Model[Any]
    version: Version
    validation: Metrics | None
    parent_version: int | None


@dataclass(frozen=True)
class Registration:
    """What the models of one training go into the registry with; `caveats` are of the datasets that they read."""

    subject: Subject
    frame: pd.DataFrame
    run: TrainingRun
    spans: Windows | None
    caveats: tuple[Caveat, ...] = ()

    def register_candidate(
        self,
        model: Model[Any],
        *,
        seen_until: date,
        name: str = "",
        validation: Metrics | None = None,
        parent_version: int | None = None,
    ) -> Candidate:
        """Store a fitted model as a version; again is no change.

        Args:
            model: to store.
            seen_until: the last night it was fitted, stopped or chosen by.
            name: among the candidates of the training; the algorithm's, if left out.
            validation: what the validation window says about it.
            parent_version: that it continues, if it does.
        """
        shown = name or model.algorithm
        with self.run.of(shown, model.algorithm) as child_id:
            version = mlflow_registry.register(
                self.subject,
                shown,
                model,
                seen_until=seen_until,
                run_id=child_id,
                example=self.frame,
                windows=self.spans,
                parent_version=parent_version,
            )
        return Candidate(name, model, version, validation, parent_version)

    def describe(self, candidate: Candidate, **found: Any) -> None:  # noqa: ANN401  as Card's
        """Give the version its card, before anything is decided about it."""
        model, version = candidate.model, candidate.version
        card = Card(
            subject=self.subject,
            algorithm=model.algorithm,
            candidate=candidate.name,
            parent_version=candidate.parent_version,
            version=version.version,
            validation=candidate.validation,
            rows=len(self.frame),
            windows=self.spans,
            caveats=self.caveats,
            environment=read_software(model.packages),
            links={"training in MLflow": self.run.page, "task in Airflow": self.subject.run_url},
            **found,
        )
        mlflow_registry.describe(version, card.markdown())
