"""Explaining one prediction: the chain from landing file to what was said, walked again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.serving_versions import find_input_columns
from redeye.declarations.project import project
from redeye.declarations.specs import Spec, load_spec
from redeye.features.known_past import read_caveats_of_service
from redeye.foundation.errors import ConfigError, DeliveryError, RedeyeError
from redeye.foundation.git import git_sha, tell_code
from redeye.foundation.settings import SPECS
from redeye.foundation.task_session import task_session
from redeye.models.algorithms.base import Inputs, Model
from redeye.models.artifact_store import load_artifact
from redeye.models.fingerprint import read_fingerprint
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.amounts import Step
from redeye.models.logic.prediction_equality import choose_equality
from redeye.models.logic.recalibration import IDENTITY, Recalibration
from redeye.models.training_code import hash_training_code
from redeye.scoring import outputs_store
from redeye.scoring.find_restated import restatements
from redeye.scoring.last_resort_model import fit_last_resort, read_inputs
from redeye.scoring.logic.explanation import Explanation, changes, contributions
from redeye.scoring.predict import HEURISTIC, LAST_RESORT, Basis
from redeye.scoring.score import read_basis, read_rows
from redeye.sources import delivery_store, landing_store
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import CodeNode, Release, upstream


@task_session()
def explain(prediction_id: str) -> Explanation:
    """Everything that one prediction, `<model>/<run type>/<key>`, rests on, and what it says computed from that.

    Raises:
        ConfigError: if the id is malformed or there is no such prediction.
        RedeyeError: if a link of the chain is gone.
        ModelAltered: if the model's files are not those that were promoted.
    """
    parts = prediction_id.split("/")
    if len(parts) != 3 or not all(parts):
        raise ConfigError(
            f"{prediction_id!r} is no prediction id: write <model>/<run type>/<{project().subject.key}>"
        )
    model, run_type, key = parts
    rows = outputs_store.read_prediction(model, run_type, prediction_id)
    if len(rows) != 1:
        raise ConfigError(
            f"there is no prediction {prediction_id!r}: ids are in the column prediction_id of the exports"
        )
    night = pd.Timestamp(rows["night"].iloc[0]).date()
    prediction = {str(name): value for name, value in rows.iloc[0].items()}
    release = release_store.release_named(prediction["release_id"])
    if release is None:
        raise RedeyeError(f"{prediction_id} names release {prediction['release_id']}, which the ledger lacks")
    promotion = _promotion(model, night, int(prediction["model_version"]))
    spec = load_spec(SPECS / f"{model}.yaml")
    kind = find_kind(spec)
    basis = read_basis(rows)
    fitted, frame = _load_served(spec, basis, promotion, night, _read_row(spec, basis, night, key))
    measure = kind.choose_amount(fitted, frame)
    deliveries = tuple(release_store.release_deliveries(release.release_id))
    announced = delivery_store.find_accepted_schedule(night)
    checked = dict.fromkeys([*deliveries, *([announced] if announced else [])])
    return Explanation(
        prediction=prediction,
        night=night,
        release=release,
        ancestors=tuple(release_store.ancestors(release.release_id)),
        deliveries=deliveries,
        faults=_faults(list(checked)),
        schedule=announced,
        promotion=promotion,
        recomputed=_again(kind, fitted, frame, promotion, basis.recalibration or IDENTITY),
        equality=choose_equality(fitted.algorithm, promotion.fingerprint, read_fingerprint),
        amount=(kind.amount.name, float(measure(frame)[0])),
        contributions=contributions(measure, frame, _find_inputs(spec, promotion, frame)),
        steps=_list_steps(kind, fitted, frame, basis.recalibration or IDENTITY),
        notes=(*_notes(promotion, basis, night, prediction), *_caveats(spec, basis.release, promotion)),
        features={str(name): frame[name].iloc[0] for name in frame.columns if "__" in str(name)},
        nodes=_nodes(spec, release, promotion),
        restated=tuple(each for each in restatements() if each.behind(rows).any()),
    )


def _promotion(model: str, night: date, version: int) -> Promotion:
    """The promotion by which a version served on a night: the last one of that version in effect by then."""
    found = [
        row
        for row in promotion_store.read_promotions(model)
        if row.version == version and row.effective_night <= night
    ]
    if not found:
        raise RedeyeError(f"no promotion says that version {version} of {model} served on night {night}")
    return found[-1]


def _read_row(spec: Spec, basis: Basis, night: date, key: str) -> pd.DataFrame:
    """The subject's row of the schedule, as the release has it."""
    release = basis.release
    scheduled, _ = read_rows(spec, night, basis)
    own = scheduled[scheduled[spec.population.key] == key].reset_index(drop=True)
    if len(own) != 1:
        raise RedeyeError(
            f"release {release.release_id} has {len(own)} rows of {project().subject.one} {key}, not one"
        )
    return own


def _load_served(
    spec: Spec, basis: Basis, promotion: Promotion, night: date, own: pd.DataFrame
) -> tuple[Model[Any], pd.DataFrame]:
    """What made the prediction, and the row with every feature that it was given."""
    from redeye.features.feast_frames import read_feature_frame

    if basis.server == LAST_RESORT:
        return fit_last_resort(spec, basis.release, own, night, [])
    fitted = load_artifact(promotion.artifact_uri, promotion.artifact_sha256)
    if basis.server == HEURISTIC:
        return fitted, read_inputs(spec, fitted, basis.release, own)
    columns = find_input_columns(fitted)
    return fitted, read_feature_frame(
        basis.release.snapshot_id, own, promotion.feature_service, columns=columns
    )


def _again(
    kind: Kind, fitted: Model[Any], frame: pd.DataFrame, promotion: Promotion, recalibration: Recalibration
) -> dict[str, float]:
    """What was said once more, as it was served, by column.

    Raises:
        RedeyeError: if today's code does not give the version its inputs; names the commit that does.
    """
    try:
        served = kind.recalibrate(np.asarray(fitted.predict(frame), dtype=np.float64), recalibration)
        return {name: float(values[0]) for name, values in kind.split(served).items()}
    except (KeyError, ValueError) as error:
        raise RedeyeError(
            f"the code of now does not give version {promotion.version} what it reads ({error}): "
            f"{tell_code(promotion.evidence.get('git_sha', '?'))} has the code that it was trained by"
        ) from error


def _list_steps(kind: Kind, fitted: Model[Any], frame: pd.DataFrame, by: Recalibration) -> tuple[Step, ...]:
    """From what was learned to what was served."""
    steps = kind.trace(fitted, frame)
    if not steps or by == IDENTITY:
        return steps
    served = kind.split(kind.recalibrate(np.asarray(fitted.predict(frame), dtype=np.float64), by))
    values = {name: float(own[0]) for name, own in served.items()}
    return (*steps, Step(f"recalibrated after night {by.night}", values))


def _find_inputs(spec: Spec, promotion: Promotion, frame: pd.DataFrame) -> Inputs:
    """The spec's inputs, if it still is what the version was trained on; of a fallback those that it was given."""
    if promotion.feature_service != spec.feature_service:
        return Inputs((), ())
    given = Inputs.of(spec)
    numeric, categorical = (
        tuple(column for column in columns if column in frame.columns)
        for columns in (given.numeric, given.categorical)
    )
    return Inputs(numeric, categorical)


def _nodes(spec: Spec, release: Release, promotion: Promotion) -> tuple[CodeNode, ...]:
    """The dbt models behind what the version read, by the code that built the release."""
    from redeye.features.feast_frames import list_relations

    nodes = release_store.code_nodes(release.code_hash)
    return upstream(nodes, [*list_relations(promotion.feature_service), spec.schedule]) if nodes else ()


def _caveats(spec: Spec, release: Release, promotion: Promotion) -> Iterator[str]:
    """What nobody can know of the past of what the version read."""
    for caveat in read_caveats_of_service(spec, release, promotion.feature_service):
        yield f"nobody can know: {caveat}"


def _faults(refs: list[DeliveryRef]) -> tuple[str, ...]:
    found = []
    for ref in refs:
        try:
            landing_store.verify(ref)
        except DeliveryError as error:
            found.append(str(error))
    return tuple(found)


def _notes(promotion: Promotion, basis: Basis, night: date, prediction: dict[str, object]) -> tuple[str, ...]:
    release = basis.release
    spec = load_spec(SPECS / f"{promotion.model}.yaml")
    now = {"code_hash": hash_training_code(), "spec_hash": spec.hash}
    notes = [
        f"{each}; {tell_code(promotion.evidence.get('git_sha', '?'))} has the training's code"
        for each in changes(promotion.evidence, now)
    ]
    sha = git_sha()
    if release.git_sha != sha:
        notes.append(f"the release was built by commit {release.git_sha}, this is {sha}")
    if promotion.feature_service != spec.feature_service:
        notes.append(
            f"the version reads {promotion.feature_service}, the spec now has {spec.feature_service}: "
            "single inputs are not shown"
        )
    if basis.is_reconstructed(night):
        notes.append(
            f"reconstructed: release {release.release_id} holds more than night {night} knew, and was cut to that"
        )
    if (by := basis.recalibration) is not None and by.night is not None:
        told = find_kind(spec).describe_recalibration(by, prediction)
        notes.append(f"recalibrated after night {by.night}: {told}")
    if prediction["is_degraded"]:
        notes.append(f"degraded: {prediction['degraded_reason']}")
    return tuple(notes)
