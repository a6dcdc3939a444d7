"""The signer under the real supervisor: it alone reads the key, and signs what the ledger has for whoever may ask."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from prepared_installations import Kind as Installation
from prepared_installations import Prepared
from waiting import until

from redeye.foundation.errors import SignerAway, SigningRefused
from redeye.foundation.settings import Settings, settings
from redeye.foundation.signing import signing_keys
from redeye.foundation.signing.logic.statements import Kind, Signed
from redeye.foundation.signing.public_keys import find_public_path, read_public_keys, verify
from redeye.foundation.signing.sign import MAXIMUM_BYTES, find_socket_path, sign_statement
from redeye.stack import bootstrap, environment
from redeye.stack.servers import programs, signer, system_user
from redeye.stack.servers.supervisor import Supervisor

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def supervisor(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    before = dict(os.environ)
    home = tmp_path_factory.mktemp("signer") / "home"
    prepared.copy(Installation.EMPTY, home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        configured = Settings(home=home, postgres_port=probe.getsockname()[1])
    secrets = bootstrap.prepare_files(configured)
    server = bootstrap.server(configured, secrets)
    server.is_durable = False
    wanted = (programs.DATABASE, programs.SIGNER)
    every = [each for each in programs.programs(configured, server) if each.name in wanted]
    text = programs.configuration(configured, every).replace("startsecs=5", "startsecs=0")
    programs.configuration_path(configured).write_text(text)
    environment.export(configured, secrets)
    running = Supervisor(configured)
    running.start(dict(os.environ))
    try:
        server.wait_ready()
        running.start_missing()
        until(lambda: find_socket_path(settings()).exists())
        yield running
    finally:
        running.shut_down()
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


@pytest.fixture
def locked(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process as one that cannot read the key: what it gets signed, the signer signed."""
    monkeypatch.setattr(os, "access", lambda *_: False)


def find_process(supervisor: Supervisor) -> psutil.Process:
    return psutil.Process(next(each.pid for each in supervisor.statuses() if each.name == programs.SIGNER))


def exchange(request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(30)
        line.connect(str(find_socket_path(settings())))
        try:
            line.sendall(request)
            line.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            return b""
        try:
            return line.recv(1 << 20)
        except ConnectionResetError:
            return b""


@pytest.mark.usefixtures("locked")
def test_it_signs_for_who_cannot_read_the_key_and_writes_down_who_asked() -> None:
    signed = sign_statement(Kind.EXPORT, {"file": "a.parquet"}, {"sha256": "00", "share": 0.5})
    verify(signed, read_public_keys(find_public_path(settings())))
    last = json.loads(signing_keys.find_log_path(settings()).read_text().splitlines()[-1])
    assert last == {"asked_by": os.geteuid(), "signed": signed.to_json()}


@pytest.mark.usefixtures("locked")
def test_it_refuses_another_content_and_a_row_that_is_not_there() -> None:
    sign_statement(Kind.EXPORT, {"file": "b.parquet"}, {"sha256": "00"})
    with pytest.raises(SigningRefused, match="something else was signed"):
        sign_statement(Kind.EXPORT, {"file": "b.parquet"}, {"sha256": "11"})
    with pytest.raises(SigningRefused, match="has no release"):
        sign_statement(Kind.RELEASE, {"release_id": "2013-01-01.r1"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as another user")
def test_it_is_a_user_of_its_own_whose_key_tasks_cannot_read(supervisor: Supervisor) -> None:
    process, own = find_process(supervisor), system_user.account(signer.USER)
    assert set(process.uids()) == {own.pw_uid}
    assert set(process.gids()) == {own.pw_gid}
    key, log = signing_keys.find_key_path(settings()), signing_keys.find_log_path(settings())
    assert (key.stat().st_uid, key.stat().st_mode & 0o777) == (own.pw_uid, 0o600)
    assert log.stat().st_mode & 0o077 == 0
    task = system_user.drop_root(system_user.SERVERS)
    for path in (key, log, Path(f"/proc/{process.pid}/environ"), Path(f"/proc/{process.pid}/mem")):
        ran = subprocess.run([*task, "cat", str(path)], capture_output=True, text=True, check=False, cwd="/")
        assert "Permission denied" in ran.stderr
        assert not ran.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_who_may_not_open_the_socket_gets_nothing(supervisor: Supervisor) -> None:
    path = find_socket_path(settings())
    path.parent.parent.parent.chmod(0o755)
    connect = f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r})"
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    ran = subprocess.run(
        [*nobody, "/usr/bin/env", "python3", "-c", connect], capture_output=True, text=True, check=False
    )
    assert "PermissionError" in ran.stderr


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"{}\n",
        b"[]\n",
        b"\xff\n",
        b"[" * 50_000 + b"\n",
        b'{"kind": "opinion", "subject": {}, "content": {}}\n',
        b'{"kind": ["export"], "subject": {}, "content": {}}\n',
        b'{"kind": "export", "subject": [], "content": {}}\n',
        b'{"kind": "export", "subject": {}, "content": {}, "signed_at": ""}\n',
        b'{"kind": "promotion", "subject": {"promotion_id": {"a": 1}}, "content": {}}\n',
        b'{"kind": "promotion", "subject": {"promotion_id": "\\u0000"}, "content": {}}\n',
        b'{"kind": "export", "subject": {"file": "' + b"a" * MAXIMUM_BYTES + b'"}, "content": {}}\n',
    ],
    ids=lambda request: repr(request[:40]),
)
def test_what_is_no_request_is_refused_and_it_answers_the_next_one(
    supervisor: Supervisor, request_: bytes
) -> None:
    answer = exchange(request_)
    assert b'"signed"' not in answer
    good = exchange(b'{"kind":"export","subject":{"file":"c"},"content":{"sha256":"00"}}\n')
    assert Signed.from_json(json.loads(good)["signed"]).statement.subject == {"file": "c"}


@pytest.mark.usefixtures("locked")
def test_who_holds_every_place_keeps_others_waiting_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [socket.socket(socket.AF_UNIX) for _ in range(signer.AT_ONCE)]
    for each in held:
        each.connect(str(find_socket_path(settings())))
        each.send(b"{")
    # They are let go of after `signer.REQUEST_SECONDS`: the caller tries again until then.
    sign_statement(Kind.EXPORT, {"file": "d.parquet"}, {"sha256": "00"})
    for each in held:
        each.close()


@pytest.mark.usefixtures("locked")
def test_many_at_once_are_all_signed() -> None:
    made: list[Any] = []

    def ask(number: int) -> None:
        made.append(sign_statement(Kind.EXPORT, {"file": f"many-{number}"}, {"sha256": "00"}))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(signer.AT_ONCE)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({each.statement.topic for each in made}) == signer.AT_ONCE


@pytest.mark.usefixtures("locked")
def test_one_that_was_killed_comes_back_and_remembers_what_it_signed(supervisor: Supervisor) -> None:
    sign_statement(Kind.EXPORT, {"file": "e.parquet"}, {"sha256": "00"})
    killed = find_process(supervisor)
    killed.send_signal(signal.SIGKILL)
    with pytest.raises(SigningRefused, match="something else was signed"):
        sign_statement(Kind.EXPORT, {"file": "e.parquet"}, {"sha256": "11"})
    assert find_process(supervisor).pid != killed.pid


@pytest.mark.usefixtures("locked")
def test_where_none_runs_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("redeye.foundation.signing.sign.find_socket_path", lambda _: tmp_path / "signer.sock")
    with pytest.raises(SignerAway, match="does not answer"):
        sign_statement(Kind.EXPORT, {"file": "f.parquet"}, {"sha256": "00"})


def test_a_password_is_found_as_libpq_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "pgpass"
    path.write_text("h:1:other:u:no\nh\\:h:*:d:u:a\\:b\\\\c\n")
    parts = {"host": "h:h", "port": "5", "dbname": "d", "user": "u"}
    assert signer._find_password(path, parts) == "a:b\\c"
