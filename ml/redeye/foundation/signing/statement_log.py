"""The signer's own log: every statement that it signed, a line each; one key signs one content about one thing."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from redeye.foundation.errors import SignatureError, SignerAway, SigningRefused
from redeye.foundation.signing.logic.statements import Signed, Statement, parse_json, write_canonical


class StatementLog:
    """The log of an installation's signer. Several processes may append to it: each reads on from where it was.

    It is opened once, so that a signer that has dropped its rights since writes on.

    Raises:
        SignerAway: if the log is not this user's to write.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        except OSError as error:
            raise SignerAway(f"the signer's log {path} cannot be written: {error.strerror}") from error
        self._read_to = 0
        self._contents: dict[str, str] = {}

    def append(self, signed: Signed, asked_by: int) -> None:
        """Write a statement down before it is handed out.

        Args:
            signed: with its signature.
            asked_by: the user of the operating system that asked for it.

        Raises:
            SigningRefused: if the key signed another content about the same.
        """
        statement = signed.statement
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._read_on()
            content = write_canonical(statement.content)
            if self._contents.setdefault(statement.topic, content) != content:
                raise SigningRefused(
                    f"something else was signed before about {statement.kind} {write_canonical(statement.subject)}: a "
                    "key states one thing of each. Where older ledgers came back past `./redeye restore`, make a "
                    "new key: `./redeye audit key --new`"
                )
            said = {"asked_by": asked_by, "signed": signed.to_json()}
            self._file.write(write_canonical(said).encode("ascii") + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._read_to = self._file.tell()
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _read_on(self) -> None:
        """Take in what was appended since, and leave the file at its end."""
        if self._file.seek(0, os.SEEK_END) < self._read_to:
            self._read_to, self._contents = 0, {}
        self._file.seek(self._read_to)
        last = b"\n"
        for last in self._file:
            try:
                statement = _parse_line(last.decode("ascii"))
            except (SignatureError, UnicodeDecodeError):
                # What was cut off while it was written, and so was not handed out.
                continue
            self._contents[statement.topic] = write_canonical(statement.content)
        if not last.endswith(b"\n"):
            self._file.write(b"\n")


def _parse_line(line: str) -> Statement:
    said = parse_json(line)
    if not isinstance(said, dict) or not isinstance(said.get("signed"), str):
        raise SignatureError("no line of a signer's log")
    return Signed.from_json(said["signed"]).statement
