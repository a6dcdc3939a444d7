"""Who predicts a night: the champion, and where it cannot, whoever served well before, down to no artifact at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice

import numpy as np
import pandas as pd

from redeye.audits.logic.audit_result import AuditResult
from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import Stint, find_blocked_versions, find_return_targets
from redeye.champions.logic.verdicts import Verdict
from redeye.champions.serving_versions import find_input_columns
from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.foundation.errors import try_in_turn
from redeye.foundation.settings import settings
from redeye.models.artifact_store import load_artifact
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.recalibration import IDENTITY, Recalibration
from redeye.scoring import last_resort_model, outputs_store, recalibration_store
from redeye.scoring.logic.predictions import (
    Lineage,
    assemble,
    derive_predictions,
    list_recalibration,
    require_predictions,
)
from redeye.warehouse.logic.releases import Release

# How those that are no champion are called in reasons. What follows tells how a standing night was predicted.
VERSION, HEURISTIC, LAST_RESORT = "version", "the heuristic", "the last resort"
OTHERS = (f"{VERSION} ", f"{HEURISTIC} ", "the recalibration ")
_SERVES = re.compile(r"version (\d+) serves")

Predict = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Basis:
    """What a night is scored from: a release, and why it is not the night's own, if it is not.

    Attributes:
        release: whose features are read.
        reasons: for which every prediction is degraded, whoever makes it.
        recorded: of a night that was scored before, why another than the champion served, or "". Then whoever served
            serves again, or nobody.
        recalibration: by which it was scored before; None if it was not: then by that which is in effect.
    """

    release: Release
    reasons: tuple[str, ...]
    recorded: str | None = None
    recalibration: Recalibration | None = None

    @property
    def server(self) -> str:
        """Who served a night that was scored before: a version, the heuristic, the last resort; "" for the champion."""
        if not self.recorded:
            return ""
        if _SERVES.search(self.recorded):
            return VERSION
        return LAST_RESORT if LAST_RESORT in self.recorded else HEURISTIC

    def is_reconstructed(self, night: date) -> bool:
        """Whether the release holds more than what was known on the night, so that it has to be cut."""
        return self.release.night > night or self.release.is_again


def predict(
    spec: Spec, rows: pd.DataFrame, champion: Promotion, basis: Basis, *, night: date, run_id: str
) -> pd.DataFrame:
    """Audited predictions: the champion's, recalibrated or else raw, or of the next who can, with the reason on each.

    After the champion comes the version that last served well, then the heuristic, which is the baseline of every row.
    Where its artifact cannot be used either, its formula is computed from what the release has. Somebody predicts
    whatever fails: the last of them is served even if the audit refuses it, as long as each row is there once.

    Raises:
        AuditRefused: if a row is there twice.
    """
    first, kind = promotion_store.read_promotions(spec.model)[0], find_kind(spec)
    failures: list[str] = []
    named, baseline = _predict_baseline(spec, rows, first, basis, night, failures)

    def serve(
        name: str,
        serving: Promotion,
        compute: Predict,
        by: Recalibration = IDENTITY,
        *,
        is_audited: bool = True,
    ) -> pd.DataFrame:
        why = f"{', '.join([*failures, name])} serves" if failures else ""
        lineage = Lineage(
            model=spec.model,
            night=night,
            release_id=basis.release.release_id,
            model_version=serving.version,
            algorithm=serving.algorithm,
            feature_service=serving.feature_service,
            run_id=run_id,
            degraded_reasons=tuple(each for each in (*basis.reasons, basis.recorded or why) if each),
            is_reconstructed=basis.is_reconstructed(night),
            recalibration=by,
        )
        predictions = assemble(rows, compute(), baseline, lineage, project().subject, kind)
        if is_audited:
            _audit(predictions, lineage, kind, len(rows)).raise_if_refused()
        return predictions

    def list_recalibrated(
        name: str, serving: Promotion, compute: Predict
    ) -> Iterator[tuple[str, Callable[[], pd.DataFrame]]]:
        if serving.version == champion.version:
            by = basis.recalibration or recalibration_store.find_recalibration(spec, night, champion.version)
            if by != IDENTITY:
                yield f"the recalibration of {name}", partial(serve, name, serving, compute, by)
        yield name, partial(serve, name, serving, compute)

    def list_steps() -> Iterator[tuple[str, Callable[[], pd.DataFrame]]]:
        for each in _list_versions(spec.model, champion, first, basis, night):
            compute = partial(_predict_version, each, rows, basis)
            yield from list_recalibrated(f"{VERSION} {each.version}", each, compute)
        if basis.server == VERSION:
            return
        yield from list_recalibrated(named, first, lambda: baseline)
        if rows[spec.population.key].is_unique:
            unaudited = f"{named}, unaudited,"
            yield unaudited, partial(serve, unaudited, first, lambda: baseline, is_audited=False)

    return try_in_turn(islice(list_steps(), 1 if basis.recorded == "" else None), failures)


def _predict_baseline(
    spec: Spec, rows: pd.DataFrame, first: Promotion, basis: Basis, night: date, failures: list[str]
) -> tuple[str, np.ndarray]:
    """Of every row what the heuristic says, or the last resort's, and whose it is."""
    steps = [
        (HEURISTIC, lambda: (HEURISTIC, _predict_heuristic(spec, rows, first, basis))),
        (LAST_RESORT, lambda: (LAST_RESORT, _predict_last_resort(spec, rows, basis, night, failures))),
    ]
    if basis.recorded is None:
        return try_in_turn(steps, failures)
    return try_in_turn(steps[1:] if f"{HEURISTIC} failed" in basis.recorded else steps[:1], failures)


def _list_versions(
    model: str, champion: Promotion, first: Promotion, basis: Basis, night: date
) -> Iterator[Promotion]:
    """The versions to try before the heuristic, the champion before the one that last served well."""
    known = [row for row in promotion_store.read_promotions(model) if row.effective_night <= night]
    if basis.recorded:
        found = _SERVES.search(basis.recorded)
        yield from [row for row in known if found and row.version == int(found[1])][-1:]
        return

    def last_verdict(stint: Stint) -> Verdict | None:
        found = outputs_store.read("verdicts", model, stint.first, stint.last or night)
        return Verdict(found.sort_values("night")["verdict"].iloc[-1]) if len(found) else None

    blocked = find_blocked_versions(block_store.read_blocks(model), night)
    if champion.version != first.version:
        yield champion
    for each in find_return_targets(known, blocked, champion.version, night, last_verdict):
        if each.version != first.version:
            yield each


def _predict_version(serving: Promotion, rows: pd.DataFrame, basis: Basis) -> np.ndarray:
    from redeye.features.feast_frames import read_feature_frame

    fitted = load_artifact(serving.artifact_uri, serving.artifact_sha256)
    frame = read_feature_frame(
        basis.release.snapshot_id, rows, serving.feature_service, columns=find_input_columns(fitted)
    )
    return require_predictions(fitted.predict(frame), len(rows), len(fitted.columns))


def _predict_heuristic(spec: Spec, rows: pd.DataFrame, first: Promotion, basis: Basis) -> np.ndarray:
    """Without Feast's registry: what is left to serve must not depend on it."""
    fitted = load_artifact(first.artifact_uri, first.artifact_sha256)
    frame = last_resort_model.read_inputs(spec, fitted, basis.release, rows)
    return require_predictions(fitted.predict(frame), len(rows), len(fitted.columns))


def _predict_last_resort(
    spec: Spec, rows: pd.DataFrame, basis: Basis, night: date, failures: list[str]
) -> np.ndarray:
    fitted, frame = last_resort_model.fit_last_resort(spec, basis.release, rows, night, failures)
    return fitted.predict(frame)


def _audit(predictions: pd.DataFrame, lineage: Lineage, kind: Kind, scheduled: int) -> AuditResult:
    from redeye.audits.audit import audit

    return audit(
        f"predictions/{lineage.model}",
        predictions.drop(columns=list_recalibration(kind), errors="ignore").assign(scheduled_rows=scheduled),
        subject=f"{lineage.model}, night {lineage.night}, version {lineage.model_version}",
        data_docs=settings().data_docs,
        derive=partial(derive_predictions, subject=project().subject, kind=kind),
    )
