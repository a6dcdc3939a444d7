"""The signature beside an export's manifest, by which whoever was given the folder tells who made it."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from redeye.foundation.errors import SignatureError, SignerAway, SigningRefused
from redeye.foundation.signing.logic.statements import Kind, Signed
from redeye.foundation.signing.public_keys import PublicKeys, verify
from redeye.foundation.signing.sign import sign_statement

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
SIGNATURE = "manifest.signed.json"
MAXIMUM_BYTES = 1 << 20
"""Of a manifest and of a signature: what is longer is neither, and is not read."""
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
    try:
        return sign_statement(Kind.EXPORT, subject, content).to_json() + "\n"
    except (SignatureError, SignerAway, SigningRefused) as error:
        log.warning("the export of %s, night %s, is not signed: %s", said["model"], said["night"], error)
        return ""


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
    text = _read(folder / SIGNATURE).decode("utf-8", errors="replace")
    signed = Signed.from_json(text)
    verify(signed, keys)
    if text != signed.to_json() + "\n":
        raise SignatureError(f"{folder / SIGNATURE} is not as it was written: it was altered")
    manifest, stated = _read(folder / MANIFEST), signed.statement
    if stated.kind is not Kind.EXPORT:
        raise SignatureError(f"{folder / SIGNATURE} is about a {stated.kind}, not about an export")
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


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: {error.strerror}") from error
    if len(found) > MAXIMUM_BYTES:
        raise SignatureError(f"{path} is longer than {MAXIMUM_BYTES:,} bytes: it is no file of an export")
    return found


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()
