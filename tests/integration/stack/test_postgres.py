"""The embedded Postgres starts again where it stopped, and is told apart from another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.foundation.errors import RedeyeError
from redeye.stack.servers import system_user
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.integration


@pytest.fixture
def server(tmp_path, spare_port):
    return EmbeddedPostgres(tmp_path / "postgres", spare_port, "secret", is_durable=False)


def test_what_was_written_is_there_after_a_restart(server):
    with server, server.superuser() as link, link.cursor() as at:
        at.execute("CREATE TABLE kept AS SELECT 7 AS n")
    with server, server.superuser() as link, link.cursor() as at:
        at.execute("SELECT n FROM kept")
        assert at.fetchone() == (7,)


def test_a_stop_leaves_no_process(server):
    with server:
        process = server._process
    assert process.poll() == 0


def test_another_postgres_on_the_port_is_named(server, tmp_path):
    with server:
        other = EmbeddedPostgres(tmp_path / "other", server.port, "another-secret", is_durable=False)
        with pytest.raises(RedeyeError, match=rf"{server.port}; set REDEYE_POSTGRES_PORT"):
            other.wait_ready(timeout_seconds=1)


def test_a_postgres_with_the_same_password_is_still_another_one(server, tmp_path):
    with server:
        other = EmbeddedPostgres(tmp_path / "other", server.port, server.password, is_durable=False)
        with pytest.raises(RedeyeError, match=r"it serves .*postgres, not .*other"):
            other.wait_ready(timeout_seconds=1)


def test_a_server_that_cannot_start_shows_its_log(server):
    server.initialise()
    (server.data_dir / "postgresql.conf").write_text("no_such_parameter = 1\n")
    with pytest.raises(RedeyeError, match="no_such_parameter"):
        server.start()


@pytest.mark.skipif(not system_user.is_root(), reason="only root hides folders from the database's own user")
def test_a_home_below_a_folder_that_only_root_may_enter(tmp_path, spare_port):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "postgres", spare_port, "secret", is_durable=False) as server:
        assert server._process.poll() is None
        text = Path(f"/proc/{server._process.pid}/status").read_text()
    status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    assert int(status["Uid"].split()[0]) == system_user.account(system_user.POSTGRES).pw_uid
    assert int(status["CapEff"], 16) == 1 << 2, "CAP_DAC_READ_SEARCH and nothing else"
