"""Models as folders of files: hashed when saved, and checked before anything in them is parsed."""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from redeye.foundation.errors import RedeyeError
from redeye.models.algorithms.base import Model

MANIFEST = "model.json"
FORMAT = 1

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
    if name not in ALGORITHMS:
        raise ModelAltered(f"unknown algorithm {name!r}; known are {', '.join(ALGORITHMS)}")
    module, _, attribute = ALGORITHMS[name].partition(":")
    found: type[Model[Any]] = getattr(import_module(module), attribute)
    return found


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


def load_model(folder: Path, sha256: str) -> Model[Any]:
    """The model in a folder, if it is the one that `sha256` stands for.

    Raises:
        ModelAltered: naming the file that is missing or altered, before it is parsed.
    """
    manifest = json.loads(_read_checked(folder / MANIFEST, sha256))
    if manifest["format"] != FORMAT:
        raise ModelAltered(
            f"{folder}: format {manifest['format']}, this code reads {FORMAT}; use the code it came with"
        )
    # The bytes that were checked are the bytes that are parsed: nothing is read twice.
    files = {name: _read_checked(folder / name, expected) for name, expected in manifest["files"].items()}
    return algorithm(manifest["algorithm"]).from_files(files)


def _read_checked(path: Path, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelAltered(f"{path}: not readable ({error}); restore the artifact from its backup") from error
    if (actual := hashlib.sha256(content).hexdigest()) != expected:
        raise ModelAltered(
            f"{path}: SHA-256 is {actual}, recorded is {expected}; restore the artifact, do not use it"
        )
    return content
