"""Verifying with public keys alone: what the stack, the command line and whoever was given a file all use.

A file of public keys is PEM, the newest key last. A line `Withdrawn: <why>` before a key says that nothing it signed
is to be believed any more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from redeye.foundation.errors import SignatureError
from redeye.foundation.logic.visible_text import escape_controls
from redeye.foundation.settings import Settings
from redeye.foundation.signing.logic.statements import Signed

FILE_NAME = "signing-key.pub"
_WITHDRAWN = "Withdrawn: "
_BLOCK = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n?", re.DOTALL)
_ID_DIGITS = 16


@dataclass(frozen=True)
class PublicKey:
    """A key that signatures are verified with.

    Attributes:
        pem: as it stands in a file.
        withdrawn: why nothing that it signed is to be believed; empty if it is.
    """

    pem: str
    withdrawn: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key itself, in hexadecimal digits: what is compared by voice or on paper."""
        raw = _load(self.pem).public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()

    @property
    def key_id(self) -> str:
        """The first digits of the fingerprint, which statements name."""
        return self.fingerprint[:_ID_DIGITS]

    def to_text(self) -> str:
        """As it stands in a file."""
        return (f"{_WITHDRAWN}{self.withdrawn}\n" if self.withdrawn else "") + self.pem


PublicKeys = Mapping[str, PublicKey]
"""Keys by id, the newest last."""


def find_public_path(configured: Settings) -> Path:
    """Where an installation's public keys lie."""
    return configured.home / FILE_NAME


def read_public_keys(path: Path) -> PublicKeys:
    """The keys of a file, by id, the newest last; none where there is no file.

    Raises:
        SignatureError: if what is there holds no public key of Ed25519.
    """
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SignatureError(f"{path} cannot be read as public keys: {error}") from error
    try:
        return parse_public_keys(text)
    except SignatureError as error:
        raise SignatureError(f"{path}: {error}") from error


def demand_public_keys(path: Path | None, configured: Settings) -> PublicKeys:
    """The keys of a file, by default of the installation.

    Raises:
        SignatureError: if there is no such file, or no key in it.
    """
    named = path or find_public_path(configured)
    keys = read_public_keys(named)
    if not keys:
        raise SignatureError(
            f"{named} is not there: name the file of the installation's public keys with --key"
        )
    return keys


@lru_cache(maxsize=16)
def parse_public_keys(text: str) -> PublicKeys:
    """The keys of a text.

    Raises:
        SignatureError: if it holds none.
    """
    keys, end = [], 0
    for match in _BLOCK.finditer(text):
        said = text[end : match.start()].strip().splitlines()
        reasons = [line.removeprefix(_WITHDRAWN) for line in said if line.startswith(_WITHDRAWN)]
        keys.append(PublicKey(match[0], "; ".join(reasons)))
        end = match.end()
    if not keys:
        raise SignatureError("no public key in it")
    return {key.key_id: key for key in keys}


def verify(signed: Signed, keys: PublicKeys) -> None:
    """Hold a signature against the public keys: whether its statement is what was signed.

    Raises:
        SignatureError: saying what is wrong: the key is not known, was withdrawn, or did not sign this.
    """
    key = keys.get(signed.statement.key_id)
    if key is None:
        named = escape_controls(signed.statement.key_id)
        raise SignatureError(
            f"it is signed with the key {named}, which is none of {', '.join(keys) or 'no keys'}"
        )
    if key.withdrawn:
        raise SignatureError(f"it is signed with the key {key.key_id}, which was withdrawn: {key.withdrawn}")
    try:
        _load(key.pem).verify(bytes.fromhex(signed.signature), signed.statement.to_bytes())
    except (InvalidSignature, ValueError, TypeError) as error:
        raise SignatureError(f"the key {key.key_id} did not sign what it says: it was altered") from error


@lru_cache(maxsize=16)
def _load(pem: str) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem.encode("ascii"))
    except ValueError as error:
        raise SignatureError(f"no public key: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError("a public key that is none of Ed25519")
    return key
