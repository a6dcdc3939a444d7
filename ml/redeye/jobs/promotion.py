"""Promoting a version: the row of the ledger by which it becomes champion."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from redeye.adapters import promotions
from redeye.adapters.registry import Version
from redeye.adapters.training_runs import TrainingRun
from redeye.core.algorithms.base import Model
from redeye.core.evaluation import Metrics
from redeye.core.releases import Promotion
from redeye.core.training_subject import Subject
from redeye.jobs.registration import Registration


def first_champion(
    fresh: Registration, model: Model[Any], validation: Metrics | None, *, seen_until: date
) -> Promotion:
    """Make a model the first champion, from the night after the training on."""
    subject, run = fresh.subject, fresh.run
    version = fresh.registered(model, seen_until=seen_until)
    fresh.describe(version, model, validation=validation)
    return promote(
        subject,
        run,
        version,
        effective_night=subject.night + timedelta(days=1),
        reason="first champion",
        evidence={},
        follows=None,
    )


def promoted_before(model: str, version: Version) -> Promotion | None:
    """The promotion of this very version after the first champion's, if an earlier attempt got that far."""
    return next((row for row in promotions.promotions(model)[1:] if row.version == version.version), None)


def promote(
    subject: Subject,
    run: TrainingRun,
    version: Version,
    *,
    effective_night: date,
    reason: str,
    evidence: dict[str, Any],
    follows: Promotion | None,
) -> Promotion:
    """Append the promotion of a registered version, with what it rests on.

    Raises:
        TooLate: if `effective_night` has been scored already.
        AlreadyDecided: if another promotion came in between.
    """
    return promotions.promote(
        subject.spec.model,
        version=version.version,
        algorithm=version.algorithm,
        feature_service=subject.spec.feature_service,
        artifact_uri=version.artifact_uri,
        artifact_sha256=version.artifact_sha256,
        decided_night=subject.night,
        effective_night=effective_night,
        reason=reason,
        evidence={
            **evidence,
            **subject.tags(),
            "seen_until": version.seen_until.isoformat(),
            "mlflow_run_id": run.run_id,
        },
        actor=subject.actor,
        run_id=subject.run_name,
        follows=follows,
    )
