"""The private key: beside the home, not in it, so that no backup holds it and a reset leaves it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from redeye.foundation.atomic_files import replace_file
from redeye.foundation.errors import ConfigError, SignerAway
from redeye.foundation.settings import Settings
from redeye.foundation.signing.public_keys import PublicKey, find_public_path, read_public_keys


def find_key_path(configured: Settings) -> Path:
    """Where the private key of this installation lies, whether it is there or not.

    Raises:
        ConfigError: if the setting leads into the home, which is backed up and which tasks write.
    """
    home = configured.home.resolve()
    if not configured.signing_key_file:
        return home.with_name(f"{home.name}.signing-key")
    path = Path(configured.signing_key_file).resolve()
    if path.is_relative_to(home):
        raise ConfigError(
            f"REDEYE_SIGNING_KEY_FILE={path} lies in {home}, which is backed up: name one outside"
        )
    return path


def find_log_path(configured: Settings) -> Path:
    """Where the signer writes down what it signed: beside the key, and as little to be written by others."""
    path = find_key_path(configured)
    return path.with_name(f"{path.name}.log")


def prepare_key(configured: Settings) -> tuple[Path, ...]:
    """Make what is missing of private key, log and the public key in the home.

    A key that is not the home's newest, as after the loss of the other one, is added to the public ones: what was
    signed before stays verifiable.

    Returns:
        The files that are for the signer's user alone.

    Raises:
        ConfigError: if they cannot be made where they belong.
    """
    path, log, public = find_key_path(configured), find_log_path(configured), find_public_path(configured)
    try:
        if not path.exists():
            _write_private(path, Ed25519PrivateKey.generate())
        if not os.access(path, os.R_OK):
            return ()
        log.touch(mode=0o600)
    except OSError as error:
        if isinstance(error, PermissionError) and read_public_keys(public):
            # Of another user, who made them, in a folder that this one may not enter or write.
            return ()
        raise ConfigError(
            f"{path} cannot be made ({error.strerror}): REDEYE_SIGNING_KEY_FILE names another place for the key"
        ) from error
    key = read_key(path)
    known = read_public_keys(public)
    own = make_public(key)
    if own.key_id not in known:
        write_public_keys(public, [*known.values(), own])
    return path, log


def read_key(path: Path) -> Ed25519PrivateKey:
    """The private key of a file.

    Raises:
        SignerAway: if it is not there or not for this user.
        ConfigError: if it is no key of Ed25519.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SignerAway(f"the signing key {path} cannot be read by this user: {error.strerror}") from error
    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path} holds no private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds a key that is none of Ed25519")
    return key


def make_public(key: Ed25519PrivateKey) -> PublicKey:
    """The public key of a private one."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(pem.decode("ascii"))


def write_public_keys(path: Path, keys: Iterable[PublicKey]) -> None:
    """Write a file of public keys, the newest last, for the owner of its folder."""
    with replace_file(path) as fresh:
        fresh.touch(mode=0o600)
        fresh.write_text("".join(key.to_text() for key in keys), encoding="ascii")
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.chown(fresh, owner.st_uid, owner.st_gid)


def replace_key(configured: Settings) -> PublicKey:
    """Sign with a new key from now on; what older ones signed stays verifiable.

    Raises:
        SignerAway: if the private key is not this user's to replace.
    """
    path, public = find_key_path(configured), find_public_path(configured)
    read_key(path)
    owner = path.stat()
    key = Ed25519PrivateKey.generate()
    write_public_keys(public, [*read_public_keys(public).values(), make_public(key)])
    _write_private(path, key)
    os.chown(path, owner.st_uid, owner.st_gid)
    return make_public(key)


def withdraw_key(configured: Settings, key_id: str, reason: str) -> None:
    """Believe nothing any more that a key signed.

    Raises:
        ConfigError: if there is no such key, or it is the one that signs.
    """
    public = find_public_path(configured)
    known = read_public_keys(public)
    if key_id not in known:
        raise ConfigError(f"there is no key {key_id}: there are {', '.join(known) or 'none'}")
    if key_id == list(known)[-1]:
        raise ConfigError(
            f"the key {key_id} is the one that signs: make a new one first (`./redeye audit key --new`)"
        )
    said = " ".join(reason.split())
    write_public_keys(
        public, [replace(key, withdrawn=said) if each == key_id else key for each, key in known.items()]
    )


def _write_private(path: Path, key: Ed25519PrivateKey) -> None:
    with replace_file(path) as fresh:
        fresh.touch(mode=0o600)
        fresh.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
