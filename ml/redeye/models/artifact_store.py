"""Saved models and their cards by their address, without MLflow: scoring must not wait for its import.

A promotion records where its model lies and the SHA-256 that stands for it. Nothing is parsed before its
hash was checked, so that whoever can write to the artifact store cannot run or change anything here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from ruamel.yaml import YAML

from redeye.foundation.settings import settings
from redeye.models.algorithms.base import Model
from redeye.models.algorithms.storage import load_model

if TYPE_CHECKING:
    from upath import UPath

CARD = "card.md"
# In the URIs that promotions recorded before they were relative to the artifact root.
_OLD_ROOT = "/mlflow/artifacts/"


def strip_root(uri: str) -> str:
    """An address relative to the artifact root, if it lies below; otherwise as it is.

    What is kept for good keeps this form: the root moves with the home.
    """
    return uri.removeprefix(f"{settings().artifacts_root}/")


def resolve_uri(uri: str) -> str:
    """The address as it is today: relative ones below the artifact root.

    An absolute path that is not there any more is looked for below the root as well, for homes that were
    moved. Whether it is the right model, its hash decides.
    """
    address = urlparse(uri)
    if not address.scheme and not address.path.startswith("/"):
        return f"{settings().artifacts_root}/{uri}"
    if address.scheme in ("", "file") and not Path(unquote(address.path)).exists() and _OLD_ROOT in uri:
        return f"{settings().artifacts_root}/{uri.rpartition(_OLD_ROOT)[2]}"
    return uri


def make_path(address: str) -> Path | UPath:
    """A path or `file:` URI as a path, any other address as whatever fsspec reaches."""
    url = urlparse(address)
    if url.scheme in ("", "file"):
        return Path(unquote(url.path))
    from upath import UPath

    return UPath(address)


def load_artifact(uri: str, sha256: str) -> Model[Any]:
    """The model at an address, if it is the one that `sha256` stands for.

    Args:
        uri: relative to the artifact root, or a path, a `file:` URI, or any folder that fsspec reaches
            (`s3://…`).
        sha256: of the model's manifest, as the promotion ledger has it.

    Raises:
        ModelAltered: naming the file that is missing or altered.
    """
    return load_model(make_path(resolve_uri(uri)), sha256)


def read_card(uri: str) -> str | None:
    """The card of the version whose model lies at an address; None if it is not there any more.

    The card is an artifact of the run that made the model, one of its own within its training's. MLflow's
    description of the model, above its files, names that run.
    """
    folder = make_path(resolve_uri(uri))
    for above in folder.parents:
        description = above / "MLmodel"
        if description.is_file():
            # As text: some hexadecimal ids are numbers to YAML.
            run_id = YAML(typ="base").load(description.read_text(encoding="utf-8")).get("run_id")
            experiment = next((each for each in above.parents if each.name == "models"), above).parent
            card = experiment / str(run_id) / "artifacts" / CARD
            return card.read_text(encoding="utf-8") if card.is_file() else None
    return None
