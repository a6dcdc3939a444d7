"""The signer: the one server that has the signing key. It signs for whoever may open its socket.

`python -m redeye.stack.servers.signer`. A request is a line of JSON with kind, subject and content; the answer is one
with `signed`, or with why not. Started by root, it opens what it needs and then is a user of its own for good: tasks,
which are another one, can read neither key nor log, nor its memory. As itself it can open nothing in the home.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import socketserver
import struct
import sys
import threading
import time
from pathlib import Path

import psycopg2
from psycopg2.extensions import make_dsn

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, RedeyeError, SignatureError, SigningRefused
from redeye.foundation.masking import mask, mask_logs
from redeye.foundation.postgres import read_dsn
from redeye.foundation.settings import settings
from redeye.foundation.signing.logic.statements import Kind, parse_json, write_canonical
from redeye.foundation.signing.sign import MAXIMUM_BYTES, Signer, find_socket_path
from redeye.stack.servers import system_user

log = logging.getLogger(__name__)

USER = "redeye-signer"
AT_ONCE = 8
REQUEST_SECONDS = 10.0


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers requests, a few at once; those above are not taken, and their callers try again."""

    daemon_threads = True
    request_queue_size = 16

    def __init__(self, path: Path, signer: Signer, callers: frozenset[int]) -> None:
        self.signer, self.callers = signer, callers
        self.turn, self._places = threading.Lock(), threading.BoundedSemaphore(AT_ONCE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        mask_before = os.umask(0o177)
        try:
            super().__init__(str(path), _Handler)
        finally:
            os.umask(mask_before)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Answer in a thread of its own, where there is a place."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Answer, and give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()


class _Handler(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        _, uid, _ = struct.unpack("3i", self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        try:
            line = _read_line(self.request)
            answer = self._answer(line, uid)
        except (OSError, EOFError) as error:
            log.info("a request of user %s came to nothing: %s", uid, error)
            return
        self.request.sendall(write_canonical(answer).encode("ascii") + b"\n")

    def _answer(self, line: bytes, uid: int) -> dict[str, str]:
        try:
            if uid not in self.server.callers:
                raise SigningRefused(f"user {uid} is none that this signer signs for")
            asked = parse_json(line.decode("ascii"))
            if not isinstance(asked, dict) or set(asked) != {"kind", "subject", "content"}:
                raise SigningRefused("a request is an object of kind, subject and content")
            subject, content = asked["subject"], asked["content"]
            if asked["kind"] not in set(Kind) or not (
                isinstance(subject, dict) and isinstance(content, dict)
            ):
                raise SigningRefused("a request has a kind of statement, and objects as subject and content")
            with self.server.turn:
                signed = self.server.signer.sign(Kind(asked["kind"]), subject, content, asked_by=uid)
        except psycopg2.Error as error:
            log.warning("the ledgers cannot be read: %s", mask(str(error)))
            return {"away": "the signer cannot read the ledgers"}
        except (SigningRefused, SignatureError, UnicodeDecodeError, TypeError) as error:
            log.warning("refused to user %s: %s", uid, mask(str(error)))
            return {"refused": mask(str(error))}
        log.info("signed for user %s: %s %s", uid, signed.statement.kind, write_canonical(subject))
        return {"signed": signed.to_json()}


def _read_line(link: socket.socket) -> bytes:
    deadline, size = time.monotonic() + REQUEST_SECONDS, 0
    parts: list[bytes] = []
    while not (parts and parts[-1].endswith(b"\n")):
        link.settimeout(max(deadline - time.monotonic(), 0.001))
        parts.append(link.recv(65536))
        size += len(parts[-1])
        if not parts[-1]:
            raise EOFError("it ended before its line did")
        if size > MAXIMUM_BYTES:
            raise EOFError(f"it is longer than {MAXIMUM_BYTES:,} bytes")
    return b"".join(parts)


def serve() -> None:
    """Sign until the process is ended.

    Raises:
        RedeyeError: if the key, the log or the passwords of the databases cannot be read.
    """
    configured = settings()
    _keep_passwords()
    signer = Signer(configured)
    path = find_socket_path(configured)
    # Tasks run as the owner of the lakes.
    owner = configured.lake.stat()
    with Server(path, signer, frozenset({0, owner.st_uid, os.geteuid()})) as server:
        if system_user.is_root():
            os.chown(path, owner.st_uid, owner.st_gid)
            _drop_root()
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        log.info("signs at %s", path)
        server.serve_forever()


def _drop_root() -> None:
    account = system_user.account(USER)
    os.chdir("/")
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)


def _keep_passwords() -> None:
    """Read the passwords of the ledgers' roles while this process may; it cannot once it has dropped root."""
    for catalog in Catalog:
        parts = read_dsn(catalog)
        if passfile := parts.pop("passfile", ""):
            parts["password"] = _find_password(Path(passfile), parts)
        os.environ[f"REDEYE_{catalog.upper()}_DSN"] = make_dsn(**parts)
    settings.cache_clear()


def _find_password(path: Path, parts: dict[str, str]) -> str:
    """As libpq reads its password files: of the first line that fits."""
    wanted = [
        parts.get("host", ""),
        parts.get("port", "5432"),
        parts.get("dbname", ""),
        parts.get("user", ""),
    ]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(
            f"{path} has the password of a database and cannot be read: {error.strerror}"
        ) from error
    for line in lines:
        *said, password = (re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\):", line, maxsplit=4))
        if len(said) == len(wanted) and all(
            own in ("*", each) for own, each in zip(said, wanted, strict=True)
        ):
            return password
    raise ConfigError(f"{path} has no password for {':'.join(wanted)}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    mask_logs()
    try:
        serve()
    except RedeyeError as error:
        sys.exit(str(error))
