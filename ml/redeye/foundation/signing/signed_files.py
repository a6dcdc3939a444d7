"""Signed statements as files beside what they are about, for whoever has the public key alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redeye.foundation.errors import SignatureError, SignerAway, SigningRefused
from redeye.foundation.signing.logic.statements import Kind, Signed, Statement
from redeye.foundation.signing.public_keys import PublicKeys, verify
from redeye.foundation.signing.sign import sign_statement

log = logging.getLogger(__name__)

MAXIMUM_BYTES = 1 << 20
"""Of a signature, and of the manifest of an export: what is longer is neither, and is not read."""


def sign_text(kind: Kind, subject: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """A signed statement as the text of its file; empty, with a warning in the log, if nobody signs it."""
    try:
        return sign_statement(kind, subject, content).to_json() + "\n"
    except (SignatureError, SignerAway, SigningRefused) as error:
        log.warning("%s %s is not signed: %s", kind, dict(subject), error)
        return ""


def read_signed(path: Path, kind: Kind, keys: PublicKeys) -> Statement:
    """The statement of a file, if one of the keys signed it and it is of the kind.

    Raises:
        SignatureError: saying what is wrong.
    """
    text = read_bounded(path).decode("utf-8", errors="replace")
    signed = Signed.from_json(text)
    verify(signed, keys)
    if text != signed.to_json() + "\n":
        raise SignatureError(f"{path} is not as it was written: it was altered")
    if signed.statement.kind is not kind:
        raise SignatureError(f"{path} is about a {signed.statement.kind}, not about a {kind}")
    return signed.statement


def read_bounded(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        SignatureError: if it cannot be read, or is longer than what is signed can be.
    """
    try:
        with path.open("rb") as file:
            found = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: {error.strerror}") from error
    if len(found) > MAXIMUM_BYTES:
        raise SignatureError(f"{path} is longer than {MAXIMUM_BYTES:,} bytes: nothing that is signed is")
    return found
