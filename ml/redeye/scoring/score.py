"""Scoring a night: the coming day's rows, what the champion says, written once, then exported."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.declarations.calendar import coming_day
from redeye.declarations.project import name_schedule, project
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.errors import (
    AlreadyDecided,
    ConfigError,
    DeliveryError,
    NotReleased,
    RedeyeError,
)
from redeye.foundation.settings import SPECS
from redeye.foundation.task_session import task_session
from redeye.models.fingerprint import read_fingerprint
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.prediction_equality import choose_equality
from redeye.models.logic.recalibration import IDENTITY
from redeye.scoring import coming_rows, export, outputs_store, recalibration_store
from redeye.scoring.logic.predictions import differences
from redeye.scoring.predict import OTHERS, Basis, predict
from redeye.sources import delivery_store
from redeye.sources.configured_source import load_source, load_standing_source
from redeye.warehouse import lake, release_store
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)

ASSUMED = "no schedule was accepted, assumed as a week before"
CARRIED = "the rows are those of the last released night, moved to the coming day"
LACKING = "the release has other rows of the day than its accepted schedule"


class ChampionChanged(RedeyeError):
    """Another version became champion of the night while it was being scored."""

    def __init__(self, message: str, champion: Promotion) -> None:
        super().__init__(message)
        self.champion = champion


@task_session()
def score_night(model: str, night: date, *, run_id: str, is_degraded_allowed: bool = False) -> dict[str, Any]:
    """Give everything that is scheduled for the coming day a prediction, once.

    A night that was scored before is scored again from the release it names, and compared: the first
    write stands, a difference is an error. A night without a release is scored from the last good one if it is a
    recorded gap, or `is_degraded_allowed`.

    Returns:
        Rows, release, version, whether the rows are new, whether and why they are degraded.

    Raises:
        NotReleased: if the night has no release and may not be scored without one.
        DeliveryError: if the coming day has no schedule although the source does not say that it is empty.
        ConfigError: if the model has no champion yet, the source comes too late to predict a coming day, or
            the calendar was shifted since.
        AuditRefused: if nobody's predictions are plausible, and a row is there twice.
        AlreadyDecided: if the night was scored before with another result.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    source = load_standing_source()
    if not source.is_prompt:
        raise ConfigError(
            f"the source {source.name} delivers weeks late: it serves history and training, "
            f"and no coming day can be predicted from it (night {night})"
        )
    champion = promotion_store.read_champion(model, night)
    if champion is None:
        raise ConfigError(
            f"{model} has no champion for night {night}: run `train_{model}` for an earlier night first"
        )
    standing = outputs_store.read("predictions", model, night, night)
    basis = read_basis(standing) if len(standing) else _basis(night, is_degraded_allowed)
    rows, reasons = read_rows(spec, night, basis)
    if rows.empty:
        log.info("the source states that nothing happens on the day after night %s: nothing to score", night)
        return {"rows": 0, "release_id": basis.release.release_id, "is_new": False, "is_degraded": False}

    basis = replace(basis, reasons=reasons)
    while True:
        predictions = predict(spec, rows, champion, basis, night=night, run_id=run_id)
        try:
            written = outputs_store.write_once(
                {"predictions": predictions},
                model=model,
                night=night,
                run_id=run_id,
                kind=find_kind(spec),
                check=partial(_check_champion, model, night, champion),
            )
            break
        except ChampionChanged as change:
            log.warning("%s", change)
            champion = change.champion
    if not written.is_new and (
        found := find_differences(spec, written.frame, predictions, champion.fingerprint)
    ):
        raise AlreadyDecided(
            f"{model}, night {night}: scored before by {written.frame['run_id'].iloc[0]}; again it differs: "
            f"{'; '.join(found)}. The first result stands"
        )
    return _summary(written)


def find_differences(
    spec: Spec, written: pd.DataFrame, again: pd.DataFrame, fingerprint: str
) -> Sequence[str]:
    """How a night that was scored again differs, in words, if its version carries that fingerprint."""
    equality = choose_equality(str(again["algorithm"].iloc[0]), fingerprint, read_fingerprint)
    log.info("compared with what was written before: %s", equality.reason)
    return differences(written, again, project().subject, find_kind(spec), equality)


def _check_champion(model: str, night: date, scored_by: Promotion) -> None:
    """Refuse rows of a champion that was rolled back while they were made; nothing is promoted under the lease."""
    now = promotion_store.read_champion(model, night)
    if now is not None and now.version != scored_by.version:
        raise ChampionChanged(
            f"{model}, night {night}: version {now.version} took over from version {scored_by.version} meanwhile; "
            "scoring again",
            now,
        )


def read_scored_rows(spec: Spec, night: date, standing: pd.DataFrame) -> tuple[pd.DataFrame, Release]:
    """The rows of a night that was scored, and the release whose features they were given, as its predictions say.

    Raises:
        AlreadyDecided: if the rows are not those that were scored, or the ledger lacks the release.
    """
    basis = read_basis(standing)
    rows, _ = read_rows(spec, night, basis)
    key = spec.population.key
    if rows.empty or set(rows[key]) != set(standing[key]):
        raise AlreadyDecided(
            f"{spec.model}, night {night}: the schedule has {len(rows)} {project().subject.many}, {len(standing)} "
            "were scored: they are not the same ones any more"
        )
    return rows, basis.release


@task_session()
def export_night(model: str, night: date) -> dict[str, Any]:
    """Write a scored night's files for consumers.

    Raises:
        NotReleased: if the night has not been scored.
    """
    frame = outputs_store.read("predictions", model, night, night).sort_values("rank", ignore_index=True)
    if frame.empty:
        ref = delivery_store.find_accepted_schedule(night)
        if ref is not None and ref.is_stated_empty:
            return {"rows": 0, "folder": None}
        raise NotReleased(f"{model}: night {night} has no predictions: run `score_{model}` first")
    kind = find_kind(load_spec(SPECS / f"{model}.yaml"))
    folder = export.export(frame, kind, model=model, night=night)
    return {"rows": len(frame), "folder": str(folder)}


def read_basis(standing: pd.DataFrame) -> Basis:
    """What a night was scored from, as its predictions say.

    Raises:
        AlreadyDecided: if the ledger lacks the release that they name.
    """
    name = str(standing["release_id"].iloc[0])
    release = release_store.release_named(name)
    if release is None:
        raise AlreadyDecided(f"predictions name release {name}, which the ledger does not have")
    reported, recalibrated = str(standing["degraded_reason"].iloc[0]), standing["recalibration_night"].iloc[0]
    recalibration = (
        IDENTITY
        if pd.isna(recalibrated)
        else recalibration_store.read_recalibration(
            str(standing["model"].iloc[0]), pd.Timestamp(recalibrated).date()
        )
    )
    reasons = reported.split("; ") if reported else []
    return Basis(
        release,
        tuple(each for each in reasons if not each.startswith(OTHERS)),
        recorded=next((each for each in reasons if each.startswith(OTHERS)), ""),
        recalibration=recalibration,
    )


def _basis(night: date, is_degraded_allowed: bool) -> Basis:
    if own := release_store.covering_release(night):
        return Basis(own, release_store.find_degradations(own, night))
    gap = release_store.gap_reason(night)
    if gap is None and not is_degraded_allowed:
        raise NotReleased(f"night {night} has no release: build night {night} first")
    last = release_store.latest_release(up_to=night)
    if last is None:
        raise NotReleased(f"there is no release at all before night {night}: run `build_history` first")
    why = "its release was refused" if gap else "its release did not come in time"
    return Basis(last, (f"night {night}: {why}, features are of night {last.night}",))


def read_rows(spec: Spec, night: date, basis: Basis) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows to score, and every reason for which they are degraded.

    Raises:
        DeliveryError: if there is no schedule, and neither a gap nor the source says why.
    """
    with lake.connect_at(basis.release.snapshot_id) as con:
        if {ASSUMED, CARRIED} & set(basis.reasons):  # so it was scored, whatever has been accepted since
            return coming_rows.assume_schedule(con, spec, night), basis.reasons
        ref = delivery_store.find_accepted_schedule(night)
        read = coming_rows.read_known_then if basis.is_reconstructed(night) else coming_rows.read_released
        found = read(con, spec, night)
        if found.empty:
            found = pd.DataFrame() if (own := coming_rows.read_landed(con, spec, night)) is None else own
        elif basis.recorded is None or LACKING in basis.reasons:
            own = coming_rows.read_accepted(con, spec, night, found)
            if own is not None:
                return own, tuple(dict.fromkeys((*basis.reasons, LACKING)))
        if not found.empty or (ref is not None and ref.is_stated_empty):
            return found, basis.reasons
        if basis.release.night >= night:
            raise DeliveryError(
                f"the release {basis.release.release_id} has no schedule for {coming_day(night)}, and the source "
                f"{load_source().name} does not say that the day is empty"
            )
        reason = CARRIED if name_schedule() is None else ASSUMED
        log.warning("rows of %s: %s", coming_day(night), reason)
        return coming_rows.assume_schedule(con, spec, night), (*basis.reasons, reason)


def _summary(written: outputs_store.WriteResult) -> dict[str, Any]:
    frame = written.frame
    return {
        "rows": len(frame),
        "release_id": str(frame["release_id"].iloc[0]),
        "model_version": int(frame["model_version"].iloc[0]),
        "algorithm": str(frame["algorithm"].iloc[0]),
        "is_new": written.is_new,
        "is_degraded": bool(frame["is_degraded"].iloc[0]),
        "degraded_reason": str(frame["degraded_reason"].iloc[0]),
        "is_reconstructed": bool(frame["is_reconstructed"].fillna(False).iloc[0]),
    }
