"""What happened in a season, collected for its page."""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.foundation.ui_links import link_training
from redeye.models.mlflow_client import client, experiment_id
from redeye.promotion.decision_store import RecordedDecision, RecordedTraining

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Night:
    """One night of the calendar.

    Attributes:
        rows: scored; 0 if the night was not.
        version: that scored most of it.
        degraded: why it was scored from less than usual; empty if it was not.
        gap: why it was not built; empty if it was.
        reasons: of the verdict.
        decision: why a training was asked for or not.
    """

    night: date
    rows: int
    version: int | None
    algorithm: str
    degraded: str
    gap: str
    verdict: str
    reasons: str
    decision: str
    is_requested: bool


@dataclass(frozen=True)
class TrainingStory:
    """A training with its gates and pages.

    Attributes:
        gates: a row per gate: `gate`, `is_passed`, `value`, `bound`, `reason`; empty if none were judged.
        window: the nights they were judged on.
        mlflow_url: the run's page.
        airflow_url: the task's page; empty for a training in a process of its own.
    """

    training: RecordedTraining
    gates: tuple[dict[str, Any], ...] = field(hash=False)
    window: str
    mlflow_url: str
    airflow_url: str

    @classmethod
    def of(cls, model: str, training: RecordedTraining) -> TrainingStory:
        """With what the MLflow run kept; a run that is gone leaves the ledger's row."""
        from mlflow.exceptions import MlflowException

        page = link_training(experiment_id(model), training.mlflow_run_id)
        try:
            run = client().get_run(training.mlflow_run_id)
            kept = {each.path for each in client().list_artifacts(training.mlflow_run_id)}
        except MlflowException as error:
            log.warning("MLflow does not have the run %s any more: %s", training.mlflow_run_id, error)
            return cls(training, (), "", page, "")
        report: dict[str, Any] = {}
        if "gates.json" in kept:
            with tempfile.TemporaryDirectory(prefix="redeye-gates-") as folder:
                path = client().download_artifacts(training.mlflow_run_id, "gates.json", folder)
                report = json.loads(Path(path).read_text(encoding="utf-8"))
        gates, window = tuple(report.get("results", ())), str(report.get("window", ""))
        return cls(training, gates, window, page, str(run.data.tags.get("airflow_url", "")))


@dataclass(frozen=True)
class Story:
    """All of it.

    Attributes:
        promotions: decided in the season.
        before: decided before it: by them the model that was never retrained serves.
        labelled_rows: rows that count.
    """

    model: str
    first: date
    last: date
    nights: tuple[Night, ...]
    requests: tuple[RecordedDecision, ...]
    trainings: tuple[TrainingStory, ...]
    promotions: tuple[Promotion, ...]
    before: tuple[Promotion, ...]
    shift_weeks: int
    labelled_rows: int

    def is_rollback(self, promotion: Promotion) -> bool:
        """Whether it puts back a version that was champion before."""
        return promotion.kind == PromotionKind.ROLLBACK
