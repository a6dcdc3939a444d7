"""The model registry: versions in MLflow, each with the address and the hash of its files.

The promotion ledger decides who is champion; the aliases here only show it. Light to import, and
`load_artifact` needs no MLflow at all.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from redeye.foundation.errors import AlreadyDecided, RedeyeError
from redeye.models.algorithms.base import Inputs, Model, numeric_matrix
from redeye.models.algorithms.storage import save_model
from redeye.models.artifact_store import CARD, load_artifact, strip_root
from redeye.models.fingerprint import read_fingerprint
from redeye.models.logic.splits import Windows
from redeye.models.logic.training_subject import Subject
from redeye.models.mlflow_client import client
from redeye.models.software import list_packages, read_software

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel
    from mlflow.models import ModelSignature

log = logging.getLogger(__name__)

PYFUNC_CODE = Path(__file__).with_name("pyfunc_model.py")
# What the loader of every model needs; named, because MLflow's own inference takes seconds.
REQUIREMENTS = ("mlflow", "numpy", "pandas", "pydantic", "ruamel.yaml")
KEY = "training_key"
EXPORTS = "exports"
# MLflow's column for a version's description holds no more.
_LONGEST_DESCRIPTION = 5000
EXAMPLE_ROWS = 2


class Alias(StrEnum):
    """The names under which a version can be asked for."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


@dataclass(frozen=True)
class Version:
    """A registered version, with the folder of its own files and the hash of the manifest in it, that stands for all.

    `seen_until` is the last night it was fitted, stopped or chosen by, `train_last` the last it was fitted to;
    `fingerprint` that of the machine that trained it, empty if it was not recorded.
    """

    model: str
    version: int
    algorithm: str
    artifact_uri: str
    artifact_sha256: str
    seen_until: date
    run_id: str
    train_last: date | None = None
    feature_service: str = ""
    fingerprint: str = ""


def register(
    subject: Subject,
    candidate: str,
    model: Model[Any],
    *,
    seen_until: date,
    run_id: str,
    example: pd.DataFrame,
    windows: Windows | None = None,
    parent_version: int | None = None,
) -> Version:
    """Store a model and make it a version of the spec's registered model; again is no change.

    Raises:
        AlreadyDecided: if the same training gave other bytes before.
    """
    store, name, key = client(), subject.spec.model, subject.key(candidate)
    inputs = Inputs.of(subject.spec)
    import mlflow

    with tempfile.TemporaryDirectory(prefix="redeye-model-") as scratch:
        folder = Path(scratch) / "model"
        sha256 = save_model(model, folder)
        if found := find_version(name, key):
            if found.artifact_sha256 != sha256:
                raise AlreadyDecided(
                    f"{name}: version {found.version} is of the same training of {candidate} and differs; "
                    f"train with as many threads as then, or on another night"
                )
            log.info("%s: version %d is registered already", name, found.version)
            return found
        logged = mlflow.pyfunc.log_model(
            name=candidate,
            python_model=str(PYFUNC_CODE),
            artifacts={"model": str(folder)},
            model_config={"sha256": sha256},
            signature=_signature(inputs, model.columns),
            input_example=plain_inputs(example.head(EXAMPLE_ROWS), inputs),
            pip_requirements=list_packages((*REQUIREMENTS, *model.packages)),
        )
        exports = Path(scratch) / EXPORTS
        for file_name, content in model.exports().items():
            exports.mkdir(exist_ok=True)
            (exports / file_name).write_bytes(content)
        if exports.exists():
            mlflow.log_artifacts(str(exports), EXPORTS, run_id=run_id)
    _ensure_registered(name, subject.spec.description)
    location = store.get_logged_model(logged.model_id).artifact_location
    made = store.create_model_version(
        name,
        source=logged.model_uri,
        run_id=run_id,
        model_id=logged.model_id,
        tags={
            **subject.tags(),
            **read_software(model.packages),
            **({f"{name}_window": str(window) for name, window in vars(windows).items()} if windows else {}),
            KEY: key,
            "airflow_url": subject.run_url,
            "algorithm": model.algorithm,
            "candidate": candidate,
            **({"parent_version": str(parent_version)} if parent_version is not None else {}),
            "artifact_uri": strip_root(f"{location}/artifacts/model"),
            "artifact_sha256": sha256,
            "seen_until": seen_until.isoformat(),
            "fingerprint": read_fingerprint(),
        },
    )
    return _version(made)


def find_version(model: str, key: str) -> Version | None:
    """The version that a training registered; the first, should there be several."""
    found = client().search_model_versions(f"name = '{model}' and tags.{KEY} = '{key}'")
    return _version(min(found, key=lambda each: int(each.version))) if found else None


def version(model: str, number: int) -> Version:
    """A registered version.

    Raises:
        RedeyeError: if there is no such version.
    """
    from mlflow.exceptions import MlflowException

    try:
        return _version(client().get_model_version(model, str(number)))
    except MlflowException as error:
        raise RedeyeError(f"{model} has no version {number}: {error.message}") from error


def point_alias(model: str, version: int, alias: Alias) -> None:
    """Let an alias name a version."""
    client().set_registered_model_alias(model, str(alias), str(version))


def aliases(model: str) -> dict[str, int]:
    """Which version each alias of a registered model names; none if there is no such model."""
    found = _find_registered(model)
    return {alias: int(number) for alias, number in found.aliases.items()} if found else {}


def is_registered(model: str) -> bool:
    """Whether there is a registered model of that name."""
    return _find_registered(model) is not None


def _find_registered(model: str) -> RegisteredModel | None:
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

    try:
        return client().get_registered_model(model)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        return None


def drop_alias(model: str, alias: Alias) -> None:
    """Let an alias name no version."""
    client().delete_registered_model_alias(model, str(alias))


def find_tagged(model: str, tag: str, value: str) -> frozenset[int]:
    """The versions that have a value as a tag."""
    found = client().search_model_versions(f"name = '{model}' and tags.{tag} = '{value}'")
    return frozenset(int(each.version) for each in found)


def annotate(model: str, version: int, tags: dict[str, str]) -> None:
    """Tag a version with what was decided about it."""
    for tag, value in tags.items():
        client().set_model_version_tag(model, str(version), tag, value[:5000])


def describe(version: Version, card: str) -> None:
    """Give a version its card: as its description, and whole as an artifact of its run."""
    client().log_text(version.run_id, card, CARD)
    more = f"\n\n*Cut off; the whole card is `{CARD}` among the run's artifacts.*\n"
    if len(card) > _LONGEST_DESCRIPTION:
        card = card[: _LONGEST_DESCRIPTION - len(more)].rsplit("\n", 1)[0] + more
    client().update_model_version(version.model, str(version.version), description=card)


def load(model: str, number: int) -> Model[Any]:
    """A registered version, checked by its hash.

    Raises:
        RedeyeError: if there is no such version.
        ModelAltered: if its files are not what was registered.
    """
    found = version(model, number)
    return load_artifact(found.artifact_uri, found.artifact_sha256)


def _version(found: ModelVersion) -> Version:
    window = found.tags.get("train_window")
    return Version(
        model=found.name,
        version=int(found.version),
        algorithm=found.tags["algorithm"],
        artifact_uri=found.tags["artifact_uri"],
        artifact_sha256=found.tags["artifact_sha256"],
        seen_until=date.fromisoformat(found.tags["seen_until"]),
        run_id=found.run_id or "",
        train_last=date.fromisoformat(window.rpartition("..")[2]) if window else None,
        feature_service=found.tags.get("feature_service", ""),
        fingerprint=found.tags.get("fingerprint", ""),
    )


def _ensure_registered(name: str, description: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode

    try:
        client().create_registered_model(name, description=description)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise


def plain_inputs(frame: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """A model's inputs as its signature types them: numbers as floats, as integers know no missing value."""
    numbers = pd.DataFrame(
        numeric_matrix(frame, inputs.numeric).astype("float64"),
        index=frame.index,
        columns=list(inputs.numeric),
    )
    return numbers.join(frame[list(inputs.categorical)])


def _signature(inputs: Inputs, columns: Sequence[str]) -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec

    numbers: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, name) for name in inputs.numeric]
    categories: list[ColSpec | TensorSpec] = [ColSpec(DataType.string, name) for name in inputs.categorical]
    return ModelSignature(
        inputs=Schema(numbers + categories),
        outputs=Schema([ColSpec(DataType.double, name) for name in columns]),
    )
