"""Judging a candidate against the champion, on the nights that neither has seen."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import pandas as pd

from redeye.adapters import registry
from redeye.adapters.features import training_frame
from redeye.adapters.registry import Version
from redeye.adapters.training_runs import TrainingRun
from redeye.core.algorithms.base import Model
from redeye.core.evaluation import Scored
from redeye.core.gates import Contender, GateReport, judge
from redeye.core.releases import Promotion
from redeye.core.specs import Spec
from redeye.core.splits import Windows
from redeye.core.training import SEED, Fitted, rows_of, scored
from redeye.core.training_subject import Subject

log = logging.getLogger(__name__)


def judged(
    subject: Subject,
    frame: pd.DataFrame,
    spans: Windows,
    chosen: Fitted,
    version: Version,
    champion: Promotion,
    run: TrainingRun,
) -> tuple[GateReport, Scored | None, Scored | None]:
    """The gates' report on the test window, and the candidate's and the champion's predictions there, if any."""
    spec, rows = subject.spec, rows_of(frame, subject.spec, spans.test)
    incumbent = registry.load_artifact(champion.artifact_uri, champion.artifact_sha256)
    its_rows = rows
    if champion.feature_service != spec.feature_service:
        own = [name for name in rows.columns if "__" not in name]
        its_rows = training_frame(subject.release.snapshot_id, rows[own], champion.feature_service)
    algorithms = {"candidate": chosen.algorithm, "champion": champion.algorithm}
    names = [f"{role} {algorithm}" for role, algorithm in algorithms.items()]
    predicted = (_scored(chosen.model, rows, spec), _scored(incumbent, its_rows, spec))
    report = judge(
        Contender(names[0], predicted[0], version.seen_until),
        Contender(names[1], predicted[1], date.fromisoformat(champion.evidence["seen_until"])),
        spans.test,
        spec.gates,
        seed=SEED,
    )
    shown = {role: one for role, one in zip(algorithms, predicted, strict=True) if one is not None}
    run.log_judgement(report, shown, algorithms, chosen.model.importance())
    return report, *predicted


def _scored(model: Model[Any], rows: pd.DataFrame, spec: Spec) -> Scored | None:
    try:
        return scored(model, rows, spec)
    except ValueError:
        log.exception("%s gave no predictions that can be judged", model.algorithm)
        return None
