"""What a champion learned from, kept for comparison: a sample, distributions, and calibrated thresholds.

Made once per champion from the release and the night that its promotion names, so it can be made again at
any time, with the same rows: the folder under `<home>/drift/references` is a cache with a manifest. A
champion that came back by a roll back has the reference of its training.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.serving_versions import find_schedule_inputs
from redeye.declarations.calendar import cutoff, find_next_night, shift_nights
from redeye.declarations.specs import Spec
from redeye.foundation.errors import AlreadyDecided, ConfigError
from redeye.foundation.settings import settings
from redeye.models.artifact_store import load_artifact
from redeye.models.kinds.interface import find_kind, name_columns
from redeye.models.logic.splits import Window, find_last_mature
from redeye.monitoring.drift_reference_store import (
    FORMAT,
    Reference,
    lock_reference,
    read_reference,
    write_reference,
)
from redeye.monitoring.label_form_store import highest_of_weeks
from redeye.monitoring.logic.distribution_shift import calibrate_shift
from redeye.monitoring.logic.drift_calibration import History, calibrate, tabulate
from redeye.monitoring.logic.drift_inputs import select_drifting
from redeye.monitoring.logic.drift_measures import Bins, Summary
from redeye.monitoring.logic.drift_profile import Profile
from redeye.monitoring.logic.drift_quality import calibrate_quality
from redeye.monitoring.logic.drift_result import Kind
from redeye.monitoring.logic.joint_drift import calibrate_joint, select_usable
from redeye.warehouse import lake, release_store
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)

# Evidently's cost grows with the reference: 4 s for 10,000 rows and 25 columns, 13 s for 100,000.
SAMPLE_ROWS = 20_000
# Nights whose features are read at once: some 50,000 rows.
CHUNK_NIGHTS = 60
# Of predictions in words, more than there ever are.
MAXIMUM_OUTCOMES = 50


@dataclass(frozen=True)
class _Origin:
    """Where a champion comes from, and which nights that means."""

    spec: Spec
    champion: Promotion
    release: Release
    decided: date
    reference: Window
    history: Window
    fitted_until: date


def load_reference(spec: Spec, champion: Promotion) -> Reference:
    """The reference of a champion, made if it is not there.

    The reference are the rows that the champion was fitted and chosen by. Clean history, which calibrates,
    goes on over the nights of its test, up to the last mature one: the gates passed on them. Quality is
    compared with the nights after those it was fitted to.

    Raises:
        ConfigError: if the promotion does not say what the champion was trained on.
        AlreadyDecided: if the ledger does not have the release of the training any more.
    """
    origin = _origin(spec, champion)
    folder = settings().drift / "references" / spec.model / _key(origin)
    with lock_reference(folder):
        found = read_reference(folder)
        if found is None:
            log.info("%s: making the drift reference of version %d", spec.model, champion.version)
            _make(origin, folder)
            found = read_reference(folder)
    if found is None:
        raise AlreadyDecided(f"{folder} was written and cannot be read: remove it and run the task again")
    return found


def list_input_columns(spec: Spec, frame: pd.DataFrame) -> dict[str, bool]:
    """Model inputs in a frame of any feature service, and whether each is a number."""
    categorical = set(spec.categorical_columns)
    scheduled = {column.name: column.kind == "numeric" for column in spec.schedule_columns}
    features = {name: name not in categorical for name in frame.columns if "__" in name}
    return {
        name: is_numeric and not isinstance(frame[name].dtype, pd.StringDtype)
        for name, is_numeric in {**scheduled, **features}.items()
    }


def _origin(spec: Spec, champion: Promotion) -> _Origin:
    rows = promotion_store.read_promotions(spec.model)
    trained = next((row for row in rows if row.artifact_sha256 == champion.artifact_sha256), champion)
    if missing := [name for name in ("release_id", "night", "seen_until") if name not in trained.evidence]:
        raise ConfigError(
            f"{spec.model}: the promotion of version {champion.version} does not say what it was trained on "
            f"({', '.join(missing)}): promote a version that `train_{spec.model}` made"
        )
    name = str(trained.evidence["release_id"])
    release = release_store.release_named(name)
    if release is None:
        raise AlreadyDecided(
            f"version {champion.version} was trained on release {name}, which the ledger lacks"
        )
    decided = date.fromisoformat(trained.evidence["night"])
    seen_until = date.fromisoformat(trained.evidence["seen_until"])
    fitted = find_fitted_nights(trained.evidence, spec)
    return _Origin(
        spec=spec,
        champion=champion,
        release=release,
        decided=decided,
        reference=Window(fitted.first, seen_until),
        history=Window(fitted.first, find_last_mature(decided, spec.label_maturity_nights)),
        fitted_until=fitted.last,
    )


def find_fitted_nights(evidence: Mapping[str, Any], spec: Spec) -> Window:
    """The nights that a champion was fitted to, as its promotion says, whatever the spec's split has become since.

    Promotions of earlier code do not say: of theirs the spec's split of now counts.
    """
    if recorded := evidence.get("train"):
        return Window(*map(date.fromisoformat, recorded.split("..")))
    seen_until = date.fromisoformat(evidence["seen_until"])
    last = shift_nights(seen_until, -(spec.split.validation_nights + spec.label_maturity_nights))
    return Window(shift_nights(last, 1 - spec.split.history_nights), last)


def _key(origin: _Origin) -> str:
    parts = (
        FORMAT,
        origin.champion.artifact_sha256,
        origin.champion.feature_service,
        origin.release.release_id,
        origin.decided,
        origin.history,
        origin.reference,
        origin.spec.monitor.drift.model_dump_json(),
    )
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:24]


def _make(origin: _Origin, folder: Path) -> None:
    from redeye.features.feast_frames import list_keys

    spec, kind = origin.spec, find_kind(origin.spec)
    nights = _nights(origin)
    model = load_artifact(origin.champion.artifact_uri, origin.champion.artifact_sha256)
    # The champion's own: the spec of now may not name them any more.
    inputs_read = sorted(find_schedule_inputs(model))
    sample = _frame(origin, origin.reference, inputs_read, sample=SAMPLE_ROWS)
    # Under one name, whatever the population calls it.
    sample["night"] = pd.to_datetime(sample[spec.population.night])
    rules, every = spec.monitor.drift, list_input_columns(spec, sample)
    inputs = select_drifting(sample, every, list_keys(origin.champion.feature_service))
    joint_inputs = select_usable(sample, inputs)
    cuts = {
        name: Bins.of(sample[name], is_numeric=is_numeric, maximum_categories=rules.maximum_categories)
        for name, is_numeric in inputs.items()
    }
    bins = {name: cut for name, cut in cuts.items() if cut is not None}
    parts: dict[str, list[Summary]] = {name: [] for name in bins}
    predicted = []
    for start in range(0, len(nights), CHUNK_NIGHTS):
        chunk = nights[start : start + CHUNK_NIGHTS]
        frame = _frame(origin, Window(chunk[0], chunk[-1]), inputs_read)
        days = pd.to_datetime(frame[spec.population.night]).to_numpy().astype("datetime64[D]")
        place = np.searchsorted(np.array(chunk, dtype="datetime64[D]"), days)
        for name, cut in bins.items():
            parts[name].append(Summary.of(cut, frame[name], place, len(chunk)))
        predicted.append(
            pd.DataFrame(
                {
                    "night": days.astype("datetime64[us]"),
                    **{name: frame[name].to_numpy() for name in kind.groups},
                    **name_columns(model.predict(frame), kind.columns),
                    "label": frame[spec.target.column].to_numpy(dtype=np.float64),
                    "is_fitted": days <= np.datetime64(origin.fitted_until),
                }
            )
        )
    is_reference = origin.reference.mask(nights)
    histories = {
        name: History(bins[name], Kind.FEATURE, Summary.concatenate(found), is_reference)
        for name, found in parts.items()
    }
    predictions = pd.concat(predicted, ignore_index=True)
    told, is_number = kind.told
    histories[told] = _prediction_history(kind.tell(predictions), told, is_reference, is_number=is_number)
    unseen = predictions[~predictions["is_fitted"]]
    calibration = tabulate(
        [
            *calibrate(histories.values(), nights, rules),
            *calibrate_quality(kind, unseen, rules),
            *(calibrate_shift(unseen, rules) if kind.has_classes else ()),
            *calibrate_joint(sample, joint_inputs, rules),
        ]
    )
    empty = tuple(name for name in inputs if name not in bins)
    profile = Profile.of(histories, empty, calibration)
    with lake.connect_at(origin.release.snapshot_id) as con:
        form = highest_of_weeks(con, spec, origin.history.first, origin.history.last)
    facts = {
        "model": spec.model,
        "model_version": origin.champion.version,
        "artifact_sha256": origin.champion.artifact_sha256,
        "feature_service": origin.champion.feature_service,
        "release_id": origin.release.release_id,
        "decided_night": origin.decided.isoformat(),
        "reference_nights": [nights[0].isoformat(), origin.reference.last.isoformat()],
        "history_nights": [nights[0].isoformat(), nights[-1].isoformat()],
        "quality_nights": [find_next_night(origin.fitted_until).isoformat(), nights[-1].isoformat()],
        "sample_rows": len(sample),
        "joint_inputs": joint_inputs,
        "label_form": asdict(form),
        "rules": rules.model_dump(),
    }
    write_reference(folder, profile, sample[["night", *inputs]], predictions, facts)


def _prediction_history(
    predictions: pd.DataFrame, told: str, is_reference: np.ndarray, *, is_number: bool
) -> History:
    days, place = np.unique(predictions["night"].to_numpy(), return_inverse=True)
    cut = Bins.of(
        predictions.loc[is_reference[place], told], is_numeric=is_number, maximum_categories=MAXIMUM_OUTCOMES
    )
    if cut is None:
        raise ValueError("the champion predicted nothing on the nights of its training")
    summary = Summary.of(cut, predictions[told], place, len(days))
    return History(cut, Kind.PREDICTION, summary, is_reference)


def _read(origin: _Origin, columns: str, window: Window, order: str) -> pd.DataFrame:
    """Rows that were learned from: those of the training, with their labels known and mature by then."""
    population, target = origin.spec.population, origin.spec.target
    label = find_kind(origin.spec).select_learned(target.column)
    with lake.connect_at(origin.release.snapshot_id) as con:
        return con.execute(
            f"SELECT {columns} FROM warehouse.{population.relation} WHERE {label} IS NOT NULL "
            f"AND {target.known_at} <= ? AND {population.night} BETWEEN ? AND ? ORDER BY {order}",
            [cutoff(origin.decided).replace(tzinfo=None), window.first, window.last],
        ).df()


def _nights(origin: _Origin) -> list[date]:
    found = _read(origin, f"DISTINCT {origin.spec.population.night} AS night", origin.history, "1")
    return [night.date() for night in pd.to_datetime(found["night"])]


def _frame(
    origin: _Origin, window: Window, inputs: Sequence[str], *, sample: int | None = None
) -> pd.DataFrame:
    """Rows of a window with some inputs and their features; with `sample` so many of them, by the hash of their key."""
    from redeye.features.feast_frames import read_feature_frame

    spec = origin.spec
    key, label = spec.population.key, spec.target.column
    order = f"md5({key}), {key} LIMIT {sample}" if sample else key
    selected = spec.schedule_select()
    more = [f"{name}, " for name in inputs if name not in selected.split(", ")]
    columns = f"{selected}, {''.join(more)}CAST({find_kind(spec).select_learned(label)} AS DOUBLE) AS {label}"
    entities = _read(origin, columns, window, order)
    return read_feature_frame(origin.release.snapshot_id, entities, origin.champion.feature_service)
