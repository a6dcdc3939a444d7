"""Putting fitted models into the registry, each with its card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from redeye.foundation.software import read_software
from redeye.models import mlflow_registry
from redeye.models.algorithms.base import Model
from redeye.models.logic.splits import Windows
from redeye.models.logic.training import SEED
from redeye.models.logic.training_subject import Subject
from redeye.models.mlflow_registry import Version
from redeye.promotion.logic.model_card import Card
from redeye.promotion.mlflow_runs import TrainingRun


@dataclass(frozen=True)
class Registration:
    """What the models of one training go into the registry with."""

    subject: Subject
    frame: pd.DataFrame
    run: TrainingRun
    spans: Windows | None

    def register_version(
        self,
        model: Model[Any],
        *,
        seen_until: date,
        candidate: str | None = None,
        parent_version: int | None = None,
    ) -> Version:
        """The version of a fitted model; again is no change.

        Args:
            model: to store.
            seen_until: the last night it was fitted, stopped or chosen by.
            candidate: its name among those of the training; the algorithm's, if left out.
            parent_version: that it continues, if it does.
        """
        name = candidate or model.algorithm
        with self.run.of(name, model.algorithm) as child_id:
            return mlflow_registry.register(
                self.subject,
                name,
                model,
                seen_until=seen_until,
                run_id=child_id,
                example=self.frame,
                windows=self.spans,
                parent_version=parent_version,
            )

    def describe(self, version: Version, model: Model[Any], **found: Any) -> None:  # noqa: ANN401  as Card's
        """Give the version its card, before anything is decided about it."""
        card = Card(
            subject=self.subject,
            algorithm=model.algorithm,
            version=version.version,
            rows=len(self.frame),
            windows=self.spans,
            environment=read_software(model.packages),
            seed=SEED,
            links={"training in MLflow": self.run.page, "task in Airflow": self.subject.run_url},
            **found,
        )
        mlflow_registry.describe(version, card.markdown())
