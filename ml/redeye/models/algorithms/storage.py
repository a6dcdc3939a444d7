"""Models as folders of files: hashed when saved, and checked before anything in them is parsed."""

from __future__ import annotations

import hashlib
import json
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redeye.declarations.spec_kinds import list_kinds, load_spec_class
from redeye.declarations.specs import Spec
from redeye.foundation.errors import RedeyeError
from redeye.models.algorithms.base import Model

if TYPE_CHECKING:
    from upath import UPath

MANIFEST = "model.json"
FORMAT = 1
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

# By name in a spec; imported when used, since XGBoost and torch take seconds to import.
ALGORITHMS = {
    "heuristic": "redeye.models.algorithms.heuristic:HeuristicModel",
    "logistic": "redeye.models.algorithms.logistic:LogisticModel",
    "xgboost": "redeye.models.algorithms.xgboost:XGBoostModel",
    "torch": "redeye.models.algorithms.torch_network:TorchModel",
    "average": "redeye.models.algorithms.average:AverageModel",
}


class ModelAltered(RedeyeError):
    """A saved model is missing, incomplete or not what its hashes say."""


def algorithm(name: str) -> type[Model[Any]]:
    """The model class of an algorithm.

    Raises:
        ModelAltered: if there is none of that name.
    """
    path = ALGORITHMS.get(name) or _find_path_of_kind(name)
    if path is None:
        raise ModelAltered(f"unknown algorithm {name!r}; known are {', '.join(ALGORITHMS)}")
    module, _, attribute = path.partition(":")
    found: type[Model[Any]] = getattr(import_module(module), attribute)
    return found


def _find_path_of_kind(name: str) -> str | None:
    """Of `<kind>_<algorithm>`, what a kind names as its own."""
    for kind in list_kinds():
        if name.startswith(f"{kind}_"):
            module, _, attribute = load_spec_class(kind, Spec).behaviour.partition(":")
            algorithms = getattr(import_module(module), attribute).algorithms
            return algorithms.get(name.removeprefix(f"{kind}_"))
    return None


def save_model(model: Model[Any], folder: Path) -> str:
    """Writes a model into a folder of its own.

    Returns:
        SHA-256 of the manifest, which names every file with its own: it stands for the whole model.

    Raises:
        FileExistsError: if the folder is there already.
    """
    files = model.files()
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    manifest = {
        "format": FORMAT,
        "algorithm": model.algorithm,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    content = (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()
    (folder / MANIFEST).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def load_model(folder: Path | UPath, sha256: str) -> Model[Any]:
    """The model in a folder, if it is the one that `sha256` stands for.

    Raises:
        ModelAltered: naming the file that is missing or altered, before it is parsed.
    """
    files = read_files(folder, sha256)
    return algorithm(json.loads(files.pop(MANIFEST))["algorithm"]).from_files(files)


def read_files(folder: Path | UPath, sha256: str) -> dict[str, bytes]:
    """The files of the model that `sha256` stands for, its manifest among them, by name.

    The bytes that were checked are the bytes that are returned: nothing is read twice.

    Raises:
        ModelAltered: naming the file that is missing or altered, or a name that leads out of the folder.
    """
    stated = _read_checked(folder / MANIFEST, sha256)
    manifest = json.loads(stated)
    if manifest["format"] != FORMAT:
        raise ModelAltered(
            f"{folder}: format {manifest['format']}, this code reads {FORMAT}; use the code it came with"
        )
    if odd := [name for name in manifest["files"] if name == MANIFEST or not _FILE_NAME.fullmatch(name)]:
        raise ModelAltered(
            f"{folder / MANIFEST} names {odd[0]!r}, which is no file of this folder: do not use it"
        )
    return {MANIFEST: stated} | {
        name: _read_checked(folder / name, expected) for name, expected in manifest["files"].items()
    }


def _read_checked(path: Path | UPath, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelAltered(f"{path}: not readable ({error}); restore the artifact from its backup") from error
    if (actual := hashlib.sha256(content).hexdigest()) != expected:
        raise ModelAltered(
            f"{path}: SHA-256 is {actual}, recorded is {expected}; restore the artifact, do not use it"
        )
    return content
