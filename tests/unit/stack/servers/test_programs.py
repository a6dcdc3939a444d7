"""The supervisor's configuration: what runs, how it stops, and that it holds no secret."""

from __future__ import annotations

import configparser
import re
import tempfile
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import pytest

from redeye.foundation.settings import Settings
from redeye.stack import environment, secrets
from redeye.stack.servers import programs, system_user
from redeye.stack.servers.embedded_postgres import EmbeddedPostgres

MADE_UP = secrets.Secrets(**{field.name: f"secret-{field.name}" for field in fields(secrets.Secrets)})


class PlainPostgres(EmbeddedPostgres):
    """Without the look at the machine's users."""

    def command(self) -> list[str]:
        return ["postgres", "-D", str(self.data_dir)]


def parsed(home: Path, **chosen: object) -> configparser.RawConfigParser:
    configured = Settings(home=home, **chosen)
    postgres = PlainPostgres(home / "postgres", configured.postgres_port, MADE_UP.postgres_password)
    parser = configparser.RawConfigParser(inline_comment_prefixes=(" ;",), strict=True)
    parser.read_string(programs.configuration(configured, programs.programs(configured, postgres)))
    return parser


@pytest.fixture
def conf(tmp_path) -> configparser.RawConfigParser:
    return parsed(tmp_path)


def test_every_server_is_restarted_when_it_dies(conf):
    sections = [name for name in conf.sections() if name.startswith("program:")]
    assert len(sections) == 8
    assert {conf[name]["autorestart"] for name in sections} == {"true"}


def test_the_api_runs_only_where_it_has_a_port(tmp_path):
    served = parsed(tmp_path, api_port=18081)
    assert served["program:api"]["command"].endswith("-m redeye serve")
    assert "api" in served["group:servers"]["programs"]
    assert "program:api" not in parsed(tmp_path)


def test_the_watch_runs_only_where_it_has_somebody_to_tell_and_shows_no_address(tmp_path):
    watched = parsed(tmp_path, alert_urls="mailtos://user:hidden@mail.example")
    assert watched["program:alerts"]["command"].endswith("-m redeye.stack.alert_loop")
    assert "alerts" in watched["group:servers"]["programs"]
    assert not any("hidden" in value for name in watched.sections() for value in watched[name].values())
    assert "program:alerts" not in parsed(tmp_path)


def test_the_servers_wait_for_the_database(conf):
    starting = [name for name in conf.sections() if conf[name].get("autostart") == "true"]
    assert starting == ["program:postgres"]


def test_the_database_stops_last_and_by_a_fast_shutdown(conf):
    assert int(conf["group:postgres"]["priority"]) < int(conf["group:servers"]["priority"])
    assert conf["program:postgres"]["stopsignal"] == "INT"


def test_every_server_but_the_database_is_in_the_group_that_stops_first(conf):
    names = {name.removeprefix("program:") for name in conf.sections() if name.startswith("program:")}
    assert set(conf["group:servers"]["programs"].split(",")) == names - {"postgres"}


def test_the_reapers_protocol_is_not_logged(conf):
    assert conf["eventlistener:reaper"]["stdout_logfile"] == "NONE"
    assert conf["eventlistener:reaper"]["stderr_logfile"].endswith("reaper.log")


def test_no_secret_is_written(tmp_path):
    configured = Settings(home=tmp_path)
    postgres = PlainPostgres(tmp_path / "postgres", 1, MADE_UP.postgres_password)
    text = programs.configuration(configured, programs.programs(configured, postgres))
    assert not [value for value in secrets.values(MADE_UP) if value in text]


def told(conf: configparser.RawConfigParser, name: str) -> frozenset[str]:
    """The variables with an admin's secret that a program is started with."""
    forgotten = re.findall(r"--unset=(\S+)", conf[f"program:{name}"]["command"])
    return environment.ADMINS_VARIABLES - set(forgotten)


def test_no_server_writes_to_folders_of_whoever_started_the_stack(tmp_path):
    conf = parsed(tmp_path, metrics_port=1, api_port=2)
    for section in conf.sections():
        if section.startswith("program:") and section != f"program:{programs.DATABASE}":
            assert "--unset=PROMETHEUS_MULTIPROC_DIR" in conf[section]["command"]
            assert "--unset=XDG_CACHE_HOME" in conf[section]["command"]


def test_each_server_is_told_the_secrets_that_it_needs(tmp_path):
    conf = parsed(tmp_path, alert_urls="json://nobody", metrics_port=1, api_port=2)
    assert "REDEYE_AIRFLOW_API_PASSWORD" in told(conf, "triggerer") & told(conf, "alerts")
    for name in ("dag-processor", "metrics", "api"):
        assert told(conf, name) == frozenset()
    assert told(conf, "mlflow") == {"MLFLOW_FLASK_SERVER_SECRET_KEY", "REDEYE_OIDC_CLIENT_SECRET"}
    # Tasks are forks of it.
    assert told(conf, "scheduler") == {"AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET"}


def test_celerys_tasks_are_told_no_secret_of_an_admin(tmp_path):
    assert told(parsed(tmp_path, executor="CeleryExecutor"), "worker") == frozenset()


@pytest.mark.skipif(not system_user.is_root(), reason="only root can let servers run as other users")
def test_tasks_run_in_a_group_that_can_read_no_server_which_is_told_more(tmp_path):
    admins = f"--regid={system_user.account(system_user.ADMINS).pw_gid}"
    for executor, with_tasks in (("LocalExecutor", "scheduler"), ("CeleryExecutor", "worker")):
        configured = Settings(home=tmp_path, executor=executor, alert_urls="json://nobody", api_port=2)
        every = programs.programs(
            configured, PlainPostgres(tmp_path / "postgres", 1, ""), system_user.SERVERS
        )
        parser = configparser.RawConfigParser()
        parser.read_string(programs.configuration(configured, every))
        commands = {each.name: parser[f"program:{each.name}"]["command"] for each in every[1:]}
        assert admins not in commands[with_tasks]
        # It drops root itself.
        assert told(parser, programs.SIGNER) == frozenset()
        del commands[programs.SIGNER]
        for name, command in commands.items():
            assert "--bounding-set=-all" in command
            assert admins in command or name == with_tasks or not told(parser, name)


def test_a_percent_sign_in_the_home_is_no_expansion(tmp_path):
    conf = parsed(tmp_path / "100%s")
    assert "100%%s" in conf["program:scheduler"]["stdout_logfile"]


def test_a_socket_path_that_is_too_long_is_made_in_the_temporary_folder():
    deep = Settings(home=Path("/tmp") / ("d" * 90))
    path = programs.socket_path(deep)
    assert path.parent == Path(tempfile.gettempdir())
    assert path != programs.socket_path(Settings(home=Path("/tmp") / ("e" * 90)))


def test_a_short_socket_path_stays_in_the_home():
    assert programs.socket_path(Settings(home=Path("/srv/redeye"))) == Path("/srv/redeye/run/supervisor.sock")


def test_celerys_worker_runs_only_where_the_executor_needs_it_and_lets_its_tasks_end(tmp_path):
    assert "program:worker" not in parsed(tmp_path)
    worker = parsed(tmp_path, executor="CeleryExecutor", celery_concurrency=3)["program:worker"]
    # Its own log server would listen on every address.
    assert "--skip-serve-logs" in worker["command"]
    assert "--concurrency 3" in worker["command"]
    # A signal to the whole group would end the tasks too.
    assert worker["stopasgroup"] == "false"
    assert worker["killasgroup"] == "true"
    assert int(worker["stopwaitsecs"]) >= 60


def test_an_mlflow_server_elsewhere_is_not_started_here(tmp_path):
    configured = Settings(home=tmp_path, mlflow_tracking_url="https://mlflow.example")
    postgres = PlainPostgres(tmp_path / "postgres", 1, "")
    assert "mlflow" not in {program.name for program in programs.programs(configured, postgres)}


def test_mlflow_asks_for_a_login(conf):
    assert "--app-name basic-auth" in conf["program:mlflow"]["command"]


def test_every_module_that_is_started_is_there(conf):
    started = {
        name
        for section in conf.sections()
        for name in re.findall(r"-m (redeye[\w.]*)", conf[section].get("command", ""))
    }
    assert {"redeye.stack.servers.reaper", "redeye.stack.servers.watchdog"} <= started
    assert [name for name in started if find_spec(name) is None] == []


def test_the_watchdog_asks_airflow_at_its_port(conf):
    listener = conf["eventlistener:watchdog"]
    assert listener["events"] == "TICK_60"
    assert f"http://127.0.0.1:{Settings().airflow_port} 180" in listener["command"]
    assert listener["stdout_logfile"] == "NONE"
