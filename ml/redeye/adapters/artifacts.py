"""Saved models by their address, without MLflow: scoring must not wait for its import.

A promotion records where its model lies and the SHA-256 that stands for it. Nothing is parsed before its
hash was checked, so that whoever can write to the artifact store cannot run or change anything here.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from redeye.core.algorithms.base import Model
from redeye.core.algorithms.storage import load_model


def load_artifact(uri: str, sha256: str) -> Model[Any]:
    """The model at an address, if it is the one that `sha256` stands for.

    Args:
        uri: a path, a `file:` URI, or any folder that fsspec reaches (`s3://…`).
        sha256: of the model's manifest, as the promotion ledger has it.

    Raises:
        ModelAltered: naming the file that is missing or altered.
    """
    address = urlparse(uri)
    if address.scheme in ("", "file"):
        return load_model(Path(unquote(address.path)), sha256)
    import fsspec

    filesystem, path = fsspec.core.url_to_fs(uri)
    with tempfile.TemporaryDirectory(prefix="redeye-model-") as folder:
        copy = Path(folder) / "model"
        filesystem.get(path, str(copy), recursive=True)
        return load_model(copy, sha256)
