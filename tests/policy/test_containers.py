"""What the container files promise, read from the files alone: no engine is needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from pkgutil import resolve_name

import pytest
import typer
from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from ruamel.yaml import YAML

from redeye.cli import app
from redeye.declarations.project import PROJECT_FILE
from redeye.foundation.settings import PROJECT_ROOT, Settings
from redeye.serving.app import OPEN_PATH
from redeye.stack import external, health_check
from redeye.stack.environment import AUTH_MANAGER, environment
from redeye.stack.secrets import Secrets
from redeye.stack.servers import embedded_postgres

DOCKER = PROJECT_ROOT / "docker"
COMPOSE = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
SERVICES = YAML(typ="safe").load(COMPOSE)["services"]
EXAMPLE = (DOCKER / ".env.example").read_text(encoding="utf-8")
DOCKERFILES = sorted(DOCKER.glob("*/Dockerfile"))
# Ends when it is done; compose waits for that.
JOBS = {"prepare"}
SECRET = re.compile(r"PASSWORD|SECRET|FERNET|ACCESS_KEY")
# What the embedded stack sets for its own folders, ports and processes.
EMBEDDED_ONLY = re.compile(
    # The image holds one project, where it looks for it.
    r"REDEYE_(PROJECT|HOST|POSTGRES_PORT|AIRFLOW_PORT|AIRFLOW_LOG_PORT|MLFLOW_PORT|METRICS_PORT|API_PORT|OTLP_URL)"
    # People log in by a provider there, and the stack knows no accounts of its own.
    r"|AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_(USERS|PASSWORDS_FILE)"
    r"|PATH|PYTHONPATH|PYTHONDONTWRITEBYTECODE"
    r"|AIRFLOW__API__(HOST|PORT|WORKERS)|AIRFLOW__LOGGING__(WORKER|TRIGGER)_LOG_SERVER_PORT"
)


def used(text: str) -> dict[str, str]:
    """Variables that the text takes from the environment, with what follows their name: `:?`, `:-default`."""
    return dict(re.findall(r"(?<!\$)\$\{([A-Z_]+)([^}]*)\}", text))


def documented() -> dict[str, str]:
    """Variables of the example, with the value that stands there; those that may be left out begin with `#`."""
    return dict(re.findall(r"^(#?[A-Z_]+)=(.*)$", EXAMPLE, flags=re.MULTILINE))


def test_every_variable_is_documented_and_every_documented_one_is_used():
    names = {name.lstrip("#") for name in documented()} - {"COMPOSE_PROJECT_NAME"}
    assert names == set(used(COMPOSE))


def test_what_has_no_default_must_be_given_and_what_has_one_stands_in_the_example():
    told = documented()
    for name, rest in used(COMPOSE).items():
        if rest.startswith(":?"):
            assert told.get(name) == "", f"{name} must be given, so it stands in the example, empty"
        else:
            assert rest.startswith(":-"), f"${{{name}{rest}}}: neither required nor with a default"
            assert told.get(f"#{name}") == rest.removeprefix(":-"), name


def test_no_secret_has_a_value_anywhere():
    for name, rest in used(COMPOSE).items():
        if SECRET.search(name):
            assert rest in (":?", ":-"), f"{name} has a value in the compose file"
    for name, value in documented().items():
        assert not (SECRET.search(name) and value), f"{name} has a value in the example"
    for service, declared in SERVICES.items():
        for name, value in (declared.get("environment") or {}).items():
            if SECRET.search(name) and not name.endswith("_FILE"):
                assert used(str(value)), f"{service}: {name} is a literal"
    for passwords in re.findall(
        r"(?:password=|://[a-z_]*:)([^\s@]+)(?=[@\s])", re.sub(r"http://\S+", "", COMPOSE)
    ):
        assert passwords.startswith("${"), passwords


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_hardened(service):
    declared = SERVICES[service]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", declared["user"]), "not root, by number"
    assert declared["read_only"] is True
    assert declared["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in declared["security_opt"]
    assert not declared.get("privileged")
    assert any(entry.startswith("/tmp") for entry in declared["tmpfs"])
    # Nothing of one can take the machine from the others: what it starts is bounded too.
    assert {"cpus", "memory", "pids"} <= set(declared["deploy"]["resources"]["limits"])
    assert declared["restart"] == ("no" if service in JOBS else "unless-stopped")
    assert all(":" in volume and not volume.startswith((".", "/")) for volume in declared["volumes"])
    for port in declared.get("ports", []):
        assert port.startswith("127.0.0.1:"), f"{port} is open to the network"


@pytest.mark.parametrize("service", sorted(set(SERVICES) - JOBS))
def test_a_service_says_whether_it_is_healthy(service):
    check = SERVICES[service]["healthcheck"]
    assert {"test", "interval", "timeout", "retries", "start_period"} <= set(check)
    words = check["test"]
    if "redeye.stack.health_check" in words:
        name = words[words.index("redeye.stack.health_check") + 1]
        assert callable(getattr(health_check, name))


def test_images_are_pinned():
    for service, declared in SERVICES.items():
        image = declared["image"]
        pinned = re.sub(r"\$\{[A-Z_]+:-([^}]+)\}", r"\1", image)
        assert re.search(r":(\$\{REDEYE_TAG:\?\}|[\w.-]*\d[\w.-]*)$", pinned), f"{service}: {image}"
        assert ":latest" not in image


def test_the_server_of_the_containers_is_of_the_embedded_one_s_version():
    said = subprocess.run(
        [str(embedded_postgres.binaries() / "postgres"), "--version"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    version = said.rpartition(" ")[2].strip()
    for text in (COMPOSE, EXAMPLE):
        assert re.findall(r"postgres:(\d+\.\d+)-", text) == [version]


def test_only_the_job_that_prepares_knows_the_superuser():
    told = {
        name
        for name, declared in SERVICES.items()
        if "${POSTGRES_PASSWORD:?}" in json.dumps(declared.get("environment") or {})
    }
    assert told == {"postgres", "prepare"}


@pytest.mark.parametrize(
    ("secret", "services"),
    [
        ("AIRFLOW_API_PASSWORD", {"api-server", "triggerer", "alerts"}),
        ("OIDC_CLIENT_SECRET", {"api-server", "mlflow"}),
        ("AIRFLOW_FERNET_KEY", {"api-server", "scheduler", "triggerer"}),
        ("AIRFLOW_JWT_SECRET", {"api-server", "scheduler", "triggerer"}),
        ("AIRFLOW_SECRET_KEY", {"api-server", "triggerer"}),
        ("MLFLOW_ADMIN_PASSWORD", {"mlflow"}),
        ("MLFLOW_FLASK_SECRET_KEY", {"mlflow"}),
        ("MLFLOW_LOGIN_DB_PASSWORD", {"mlflow", "prepare"}),
    ],
)
def test_an_admins_secret_is_told_to_those_who_need_it(secret: str, services: set[str]):
    told = {
        name
        for name, declared in SERVICES.items()
        if f"${{{secret}:?}}" in json.dumps(declared.get("environment") or {})
    }
    assert told == services
    assert "worker" not in told


def test_airflows_services_are_told_what_the_embedded_ones_are(tmp_path: Path):
    configured = Settings(home=tmp_path, executor="CeleryExecutor", celery_broker_url="redis://x/0")
    secrets = Secrets(**{field.name: "x" for field in fields(Secrets)})
    embedded = {name for name in environment(configured, secrets) if not EMBEDDED_ONLY.fullmatch(name)}
    everywhere = set(SERVICES["worker"]["environment"])
    servers_own = set(SERVICES["api-server"]["environment"]) | set(SERVICES["mlflow"]["environment"])
    # Renamed: the login's file is written where the server starts; artifacts' root is a setting here.
    renamed = {"MLFLOW_AUTH_CONFIG_PATH", "MLFLOW_DEFAULT_ARTIFACT_ROOT"}
    assert sorted(embedded - everywhere - servers_own - renamed) == []


def test_the_embedded_choices_hold_in_containers_too():
    configured = Settings(executor="CeleryExecutor", celery_broker_url="redis://x/0")
    secrets = Secrets(**{field.name: "x" for field in fields(Secrets)})
    embedded, worker = environment(configured, secrets), SERVICES["worker"]["environment"]
    for name in (
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT",
        "AIRFLOW__CELERY__TASK_ACKS_LATE",
        "AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER",
        "AIRFLOW__CORE__LOAD_EXAMPLES",
        "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION",
        "DO_NOT_TRACK",
        "TZ",
    ):
        assert worker[name] == embedded[name], name


def test_people_log_in_by_a_provider_and_by_nothing_else():
    server = SERVICES["api-server"]["environment"]
    assert server["AIRFLOW__CORE__AUTH_MANAGER"] == AUTH_MANAGER
    assert issubclass(resolve_name(AUTH_MANAGER), BaseAuthManager)
    assert used(COMPOSE)["OIDC_ISSUER"] == used(COMPOSE)["OIDC_CLIENT_SECRET"] == ":?"
    assert used(COMPOSE)["FOUR_EYES"] == ":-true"
    # The provider's secret is for the servers that ask it; tasks need none.
    told = {name for name, each in SERVICES.items() if "OIDC_CLIENT_SECRET" in json.dumps(each)}
    assert told <= {"api-server", "mlflow"}
    for name in ("OIDC_SCOPES", "OIDC_GROUPS_CLAIM", "OIDC_GROUPS", "OIDC_NAME_CLAIM", "OIDC_SESSION_HOURS"):
        default = Settings.model_fields[name.lower()].default
        assert used(COMPOSE)[name] == f":-{default}", name


def test_the_api_listens_where_its_port_and_its_health_check_are():
    api = SERVICES["api"]
    words = api["command"]
    assert words[:3] == ["python", "-m", "redeye"]
    command = typer.main.get_command(app).commands[words[3]]  # type: ignore[attr-defined]
    assert command.name == "serve"
    configured = Settings(
        host=api["environment"]["REDEYE_HOST"], api_port=api["environment"]["REDEYE_API_PORT"]
    )
    assert configured.host == "0.0.0.0"
    assert [port.rpartition(":")[2] for port in api["ports"]] == [str(configured.api_port)]
    assert api["healthcheck"]["test"][-1] == f"http://localhost:{configured.api_port}{OPEN_PATH}"


def test_what_prepare_reads_is_given_to_it():
    given = SERVICES["prepare"]["environment"]
    assert {external.AIRFLOW_URL, external.MLFLOW_LOGIN_URL, "REDEYE_POSTGRES_ADMIN_DSN"} <= set(given)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_an_image_runs_as_nobody_from_a_chosen_base(path):
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^ARG BASE=\S+:\S*\d\S*$", text, flags=re.MULTILINE)
    stages = re.findall(r"^FROM (\S+)", text, flags=re.MULTILINE)
    assert set(stages) <= {"${BASE}", "scratch"}
    assert len(stages) >= 2, "built in one stage: its tools stay in the image"
    final = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, flags=re.MULTILINE)
    assert "requirements-dev" not in text
    assert "--compile-bytecode" in text
    assert not re.search(r"^ADD ", text, flags=re.MULTILINE)
    for name in re.findall(r"^(?:ARG|ENV) (\w+)", text, flags=re.MULTILINE):
        assert not SECRET.search(name), f"{name} would stay in the image"


def test_mlflows_image_holds_all_that_its_login_imports(tmp_path):
    text = (DOCKER / "mlflow" / "Dockerfile").read_text(encoding="utf-8")
    for words in re.findall(r"^COPY (ml/.+)$", text, flags=re.MULTILINE):
        *files, target = words.split()
        for file in files:
            to = tmp_path / target.removeprefix("/opt/mlflow/")
            to = to / Path(file).name if target.endswith("/") else to
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes((PROJECT_ROOT / file).read_bytes())
    program = "import redeye.stack.servers.mlflow_login as it; print(it.__file__)"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path)},
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(tmp_path))


@pytest.mark.parametrize("path", [*DOCKERFILES, *DOCKER.rglob("*.sh"), DOCKER / "compose.yaml"], ids=str)
def test_no_file_names_an_index_or_a_host(path):
    found = set(re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8")))
    assert found <= {"localhost", "api-server"}


def test_everything_that_an_image_copies_is_in_its_context():
    ignored = (PROJECT_ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    for path in DOCKERFILES:
        for words in re.findall(
            r"^COPY (?!--from)(.+) \S+$", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        ):
            for source in words.split():
                assert (PROJECT_ROOT / source).exists(), source
                assert source.split("/")[0] in let_in, f"{source} is not in the build's context"


def test_airflows_image_has_the_projects_declaration_where_the_engine_reads_it():
    text = (PROJECT_ROOT / "docker" / "airflow" / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) /opt/redeye/$", text, flags=re.MULTILINE)
    assert PROJECT_FILE.relative_to(PROJECT_ROOT).as_posix() in " ".join(copied).split()


def test_every_image_has_the_same_base_by_default():
    files = [*DOCKERFILES, PROJECT_ROOT / ".devcontainer" / "Dockerfile"]
    bases = {path: re.findall(r"^ARG BASE=(\S+)$", path.read_text(encoding="utf-8"), re.M) for path in files}
    (base,) = bases[DOCKER / "airflow" / "Dockerfile"]
    assert {path for path, found in bases.items() if found != [base]} == set()


@pytest.mark.parametrize("port", ["airflow_port", "mlflow_port"])
def test_the_uis_are_where_settings_say(port):
    default = str(Settings.model_fields[port].default)
    development = (PROJECT_ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    forwarded = re.search(r'"forwardPorts": \[(.*)\]', development)
    assert default in forwarded[1].split(", ")
    assert f'"{default}": {{ "label"' in development
    assert f"http://127.0.0.1:{default}" in (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
