"""The signature beside an export's manifest, by which whoever was given the folder tells who made it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from redeye.foundation.errors import SignatureError
from redeye.foundation.signing.logic.statements import Kind
from redeye.foundation.signing.public_keys import PublicKeys
from redeye.foundation.signing.signed_files import read_bounded, read_signed, sign_text

MANIFEST = "manifest.json"
SIGNATURE = "manifest.signed.json"
_BLOCK_BYTES = 1 << 20
_NAMED = ("model", "night", "schema_version")


def sign_manifest(manifest: bytes) -> str:
    """The signed statement of an export's manifest, as text; empty if nobody signs it, for the export goes out anyway.

    One content is signed for each model and night, so that other rows are not signed later.
    """
    said = json.loads(manifest)
    subject = {name: said[name] for name in _NAMED}
    content = {
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
        "content_sha256": said["content_sha256"],
    }
    return sign_text(Kind.EXPORT, subject, content)


def verify_export(folder: Path, keys: PublicKeys) -> dict[str, Any]:
    """Hold an export's folder against public keys alone: no file of it is parsed before what it is was verified.

    Args:
        folder: of one night, with its manifest.
        keys: of the installation that it is said to come from, got by another way than the folder.

    Returns:
        The manifest.

    Raises:
        SignatureError: naming what is missing, altered, there without being named, or signed by somebody else.
    """
    stated = read_signed(folder / SIGNATURE, Kind.EXPORT, keys)
    manifest = read_bounded(folder / MANIFEST)
    if hashlib.sha256(manifest).hexdigest() != stated.content.get("manifest_sha256"):
        raise SignatureError(f"{folder / MANIFEST} is not what was signed: it was altered")
    said: dict[str, Any] = json.loads(manifest)
    if {name: said[name] for name in _NAMED} != dict(stated.subject):
        raise SignatureError(f"{folder / SIGNATURE} is about another export than {folder / MANIFEST}")
    for name, listed in said["files"].items():
        if _hash(folder / name) != listed["sha256"]:
            raise SignatureError(f"{folder / name} is not what was signed: it was altered")
    extra = {path.name for path in folder.iterdir()} - said["files"].keys() - {MANIFEST, SIGNATURE}
    if extra:
        raise SignatureError(f"{folder} holds what its manifest does not name: {', '.join(sorted(extra))}")
    return said


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()
