"""Signing: the signer is asked over its socket; where none runs, this process signs if the key is its user's."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import stamina

from redeye.foundation.errors import SignatureError, SignerAway, SigningRefused
from redeye.foundation.settings import Settings, settings
from redeye.foundation.signing.ledger_rows import LEDGERS, read_content, read_installation
from redeye.foundation.signing.logic.statements import Kind, Signed, Statement, parse_json, write_canonical
from redeye.foundation.signing.public_keys import find_public_path, read_public_keys, verify
from redeye.foundation.signing.signing_keys import find_key_path, find_log_path, make_public, read_key
from redeye.foundation.signing.statement_log import StatementLog

MAXIMUM_BYTES = 1 << 20
"""Of a request and of an answer."""
ANSWER_SECONDS = 30
# A signer that has died is started again by the supervisor within seconds.
_ATTEMPTS, _PATIENCE_SECONDS = 10, 20.0
# A Unix socket's path holds 107 bytes.
_LONGEST_SOCKET_PATH = 100


def sign_statement(
    kind: Kind, subject: Mapping[str, Any], content: Mapping[str, Any] | None = None
) -> Signed:
    """Sign what this installation states about something.

    Args:
        kind: what it is about. Of a promotion and a release the signer reads the ledger's row itself.
        subject: what exactly: a row's key, or names of what is stated, such as `{"file": "exports/…"}`. A key signs
            one content about each.
        content: what is stated of it, such as a hash, in values of JSON; none where the ledger is read.

    Raises:
        SigningRefused: if the ledger has no such row, or something else was signed about the same before.
        SignerAway: if nobody could be asked.
    """
    configured, stated = settings(), content or {}
    is_own = os.access(find_key_path(configured), os.R_OK)
    try:
        return _ask(find_socket_path(configured), kind, subject, stated, is_patient=not is_own)
    except SignerAway:
        if not is_own:
            raise
    signer = Signer(configured)
    try:
        return signer.sign(kind, subject, stated, asked_by=os.geteuid())
    finally:
        signer.close()


class Signer:
    """Whoever has the key: it signs what the ledgers say, or what it is told of what no ledger has.

    Raises:
        SignerAway: if the key or the log is not this user's.
    """

    def __init__(self, configured: Settings) -> None:
        self._key = read_key(find_key_path(configured))
        self._log = StatementLog(find_log_path(configured))

    def sign(
        self, kind: Kind, subject: Mapping[str, Any], content: Mapping[str, Any], *, asked_by: int
    ) -> Signed:
        """Sign a statement and write it down, as `sign_statement`.

        Args:
            kind: what it is about.
            subject: what exactly.
            content: what is stated of it; none where the ledger is read.
            asked_by: the user of the operating system that asked for it.

        Raises:
            SigningRefused: as `sign_statement`.
        """
        if kind in LEDGERS:
            if content:
                raise SigningRefused(f"what is stated of a {kind} is read from the ledger: give no content")
            content = read_content(kind, subject)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        key_id = make_public(self._key).key_id
        statement = Statement(kind, read_installation(), subject, content, at, key_id)
        signed = Signed(statement, self._key.sign(statement.to_bytes()).hex())
        self._log.append(signed, asked_by)
        return signed

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()


def find_socket_path(configured: Settings) -> Path:
    """The signer's socket: in the home, or in the temporary folder if that path is too long."""
    wanted = configured.home.resolve() / "run" / "signer.sock"
    if len(os.fsencode(wanted)) <= _LONGEST_SOCKET_PATH:
        return wanted
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"redeye-signer-{digest}.sock"


def _ask(
    path: Path, kind: Kind, subject: Mapping[str, Any], content: Mapping[str, Any], *, is_patient: bool
) -> Signed:
    asked = write_canonical({"kind": kind, "subject": subject, "content": content})
    attempts = _ATTEMPTS if is_patient and path.exists() else 1
    try:
        for attempt in stamina.retry_context(
            on=ConnectionError, attempts=attempts, timeout=_PATIENCE_SECONDS, wait_initial=0.2, wait_max=2.0
        ):
            with attempt:
                answer = parse_json(_exchange(path, asked.encode("ascii")))
    except OSError as error:
        raise SignerAway(f"the signer does not answer at {path}: {error}") from error
    if isinstance(answer, dict) and "away" in answer:
        raise SignerAway(str(answer["away"]))
    if not isinstance(answer, dict) or not isinstance(answer.get("signed"), str):
        raise SigningRefused(
            str(answer.get("refused", "")) if isinstance(answer, dict) else "no reason was given"
        )
    signed = Signed.from_json(answer["signed"])
    # Whoever made the socket: what is believed is the key.
    verify(signed, read_public_keys(find_public_path(settings())))
    said = signed.statement
    stated = {"kind": said.kind, "subject": said.subject, "content": said.content if content else {}}
    if write_canonical(stated) != asked:
        raise SignatureError(f"the signer signed something else than the {kind} that it was asked to sign")
    return signed


def _exchange(path: Path, request: bytes) -> str:
    if len(request) >= MAXIMUM_BYTES:
        raise SigningRefused(f"the statement is longer than {MAXIMUM_BYTES:,} bytes: state a hash of it")
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_SECONDS)
        line.connect(str(path))
        line.sendall(request + b"\n")
        with line.makefile("rb") as answer:
            text = answer.readline(MAXIMUM_BYTES)
    if not text.endswith(b"\n"):
        raise ConnectionResetError("it ended before its answer")
    return text.decode("ascii")
