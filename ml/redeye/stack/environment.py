"""The one environment of every process: the stack's servers, the command line's jobs, and the tests."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

from redeye.foundation import openlineage
from redeye.foundation.engine.places import CODE, ENGINE, IS_INSTALLED, PROJECT_ROOT
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import Settings, settings
from redeye.stack import home_owner
from redeye.stack.passfiles import find_passfile
from redeye.stack.secrets import Secrets

ADMIN = "admin"
VIEWER = "viewer"
PARALLELISM = 4
# Of people with accounts of their own.
AUTH_MANAGER = "redeye_airflow.login.auth_manager.OidcAuthManager"
ADMINS_VARIABLES = frozenset(
    {
        "AIRFLOW__API_AUTH__JWT_SECRET",
        "AIRFLOW__API__SECRET_KEY",
        "AIRFLOW__CORE__FERNET_KEY",
        "MLFLOW_FLASK_SERVER_SECRET_KEY",
        "REDEYE_AIRFLOW_API_PASSWORD",
        "REDEYE_ALERT_URLS",
        "REDEYE_OIDC_CLIENT_SECRET",
        "REDEYE_POSTGRES_ADMIN_DSN",
    }
)
"""Whose value lets somebody act as an admin, or as a server: a server is told those alone that it needs."""
# A Celery task that its worker has not acknowledged by then is handed out again: longer than any task may take.
# What a dead worker held is found out long before, by its heartbeat.
REDELIVERED_AFTER_SECONDS = 6 * 3600


def environment(configured: Settings, secrets: Secrets) -> dict[str, str]:
    """Every variable that Redeye and the tools beneath it read, for this installation.

    What the operator has set of URLs and DSNs stays as it is; the rest points at the embedded servers.
    """
    parts = (_redeye, _airflow, _mlflow)
    known = {name: value for part in parts for name, value in part(configured, secrets).items()}
    return known | _python() | _quiet()


def export(configured: Settings, secrets: Secrets) -> None:
    """Set the environment of this process, so that what it runs itself behaves as in the stack."""
    os.environ.update(environment(configured, secrets))
    time.tzset()
    settings.cache_clear()


def url(configured: Settings, database: str) -> str:
    """The SQLAlchemy URL of one of the embedded server's databases, as its own role; a file has the password."""
    passfile = quote(str(find_passfile(configured, database)))
    at = f"{configured.host}:{configured.postgres_port}"
    return f"postgresql+psycopg2://{database}@{at}/{database}?passfile={passfile}"


def _dsn(configured: Settings, database: str) -> str:
    """The same as a libpq DSN."""
    passfile = str(find_passfile(configured, database)).replace("\\", "\\\\").replace("'", "\\'")
    at = f"host={configured.host} port={configured.postgres_port}"
    return f"{at} dbname={database} user={database} passfile='{passfile}'"


def airflow_url(configured: Settings) -> str:
    """The address of Airflow's server for the stack itself, without a proxy.

    Below the path at which people reach it: Airflow's server answers to some of its addresses there alone.
    """
    path = urlsplit(configured.public_airflow_url).path.rstrip("/")
    return f"http://{configured.host}:{configured.airflow_port}{path}"


def mlflow_url(configured: Settings) -> str:
    """The address of MLflow's UI."""
    return f"http://{configured.host}:{configured.mlflow_port}"


def mlflow_login_url(configured: Settings) -> str:
    """The SQLAlchemy URL of the database of MLflow's users."""
    return url(configured, "mlflow_login")


def mlflow_login_file(configured: Settings) -> Path:
    """Where MLflow's login reads its configuration."""
    return configured.home / "mlflow" / "login.ini"


def instance_name(configured: Settings) -> str:
    """What the UI calls this installation: whether what it shows is as it was, or shifted."""
    weeks = configured.shift_weeks
    return f"Redeye, shifted by {weeks} weeks" if weeks else "Redeye"


def airflow_passwords_file(configured: Settings) -> Path:
    """Where Airflow's simple auth manager reads the passwords of its users."""
    return configured.home / "airflow" / "passwords.json"


def _redeye(configured: Settings, secrets: Secrets) -> dict[str, str]:
    embedded = {
        "warehouse_dsn": _dsn(configured, "warehouse"),
        "outputs_dsn": _dsn(configured, "outputs"),
        "feast_registry_url": url(configured, "feast"),
        "mlflow_tracking_url": url(configured, "mlflow"),
        "airflow_api_password": secrets.airflow_admin_password,
        "content_key": secrets.content_key,
        "anchors_url": "",
    }
    chosen = {
        name: getattr(configured, name).get_secret_value() or default for name, default in embedded.items()
    }
    handed_on = (
        "host",
        "postgres_port",
        "airflow_port",
        "mlflow_port",
        "airflow_log_port",
        "source",
        "models",
        "lineage_url",
        "anchors_file",
        "metrics_port",
        "api_port",
        "otlp_url",
        "shift_weeks",
        "four_eyes",
        "threads",
    )
    plain = {name: getattr(configured, name) for name in handed_on} | {"home": configured.home.resolve()}
    # A copy of this checkout that is told nothing runs its own project, not that of the checkout it was copied from.
    if PROJECT_ROOT != ENGINE:
        plain["project"] = PROJECT_ROOT
    return {f"REDEYE_{name.upper()}": str(value) for name, value in (plain | chosen).items()}


def _airflow(configured: Settings, secrets: Secrets) -> dict[str, str]:
    home, logs = configured.home.resolve() / "airflow", configured.home.resolve() / "logs" / "airflow"
    bundles = [
        {
            "name": "redeye",
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(ENGINE / "dags"), "refresh_interval": 60},
        }
    ]
    options: dict[str, dict[str, object]] = {
        "CORE": {
            "DAGS_FOLDER": ENGINE / "dags",
            "PLUGINS_FOLDER": ENGINE / "plugins",
            "EXECUTOR": configured.executor,
            "PARALLELISM": PARALLELISM,
            "LOAD_EXAMPLES": False,
            "DEFAULT_TIMEZONE": "utc",
            "FERNET_KEY": secrets.airflow_fernet_key,
            "EXECUTION_API_SERVER_URL": f"{airflow_url(configured)}/execution/",
            "SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin,{VIEWER}:viewer",
            "SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": airflow_passwords_file(configured).resolve(),
            "HOSTNAME_CALLABLE": "redeye.stack.environment.hostname",
        },
        "API": {
            "HOST": configured.host,
            "PORT": configured.airflow_port,
            "BASE_URL": configured.public_airflow_url,
            # Long lines end off the screen otherwise.
            "DEFAULT_WRAP": True,
            "WORKERS": 1,
            "SECRET_KEY": secrets.airflow_secret_key,
            "INSTANCE_NAME": instance_name(configured),
        },
        "API_AUTH": {"JWT_SECRET": secrets.airflow_jwt_secret},
        "DATABASE": {
            "SQL_ALCHEMY_CONN": url(configured, "airflow"),
            # The server takes 100 connections; some ten processes share it with four tasks.
            "SQL_ALCHEMY_POOL_SIZE": 3,
            "SQL_ALCHEMY_MAX_OVERFLOW": 5,
        },
        "DAG_PROCESSOR": {
            "DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
            "PARSING_PROCESSES": 1,
            # By default below the machine's temporary folder, which another user's Airflow may have taken.
            "DAG_BUNDLE_STORAGE_PATH": configured.home.resolve() / home_owner.CACHE / "dag_bundles",
            "MIN_FILE_PROCESS_INTERVAL": 60,
        },
        "LOGGING": {
            "BASE_LOG_FOLDER": logs,
            "DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": logs / "dag_processor",
            "WORKER_LOG_SERVER_PORT": configured.airflow_log_port,
            "TRIGGER_LOG_SERVER_PORT": configured.airflow_log_port,
        },
        "SCHEDULER": {"CATCHUP_BY_DEFAULT": False},
        "OPENLINEAGE": {
            "TRANSPORT": json.dumps(openlineage.transport(configured)),
            "NAMESPACE": openlineage.NAMESPACE,
            # A fork of the task inherits its connections; a thread that hangs is left behind.
            "EXECUTE_IN_THREAD": True,
        },
    }
    if configured.oidc_issuer:
        options["CORE"]["AUTH_MANAGER"] = AUTH_MANAGER
    collector = {}
    if configured.otlp_url:
        options["METRICS"] = {"OTEL_ON": True}
        collector = {
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{configured.otlp_url.rstrip('/')}/v1/metrics",
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf",
            "OTEL_SERVICE_NAME": "airflow",
        }
    if configured.executor == "CeleryExecutor":
        options |= _celery(configured)
    known = {
        f"AIRFLOW__{section}__{name}": str(value)
        for section, pairs in options.items()
        for name, value in pairs.items()
    }
    return known | collector | {"AIRFLOW_HOME": str(home)}


def _celery(configured: Settings) -> dict[str, dict[str, object]]:
    broker = configured.celery_broker_url.get_secret_value()
    if not broker:
        raise ConfigError(
            "REDEYE_EXECUTOR=CeleryExecutor needs REDEYE_CELERY_BROKER_URL, such as redis://host:6379/0"
        )
    return {
        "CELERY": {
            "BROKER_URL": broker,
            "RESULT_BACKEND": f"db+{url(configured, 'airflow')}",
            "WORKER_CONCURRENCY": configured.celery_concurrency,
            # A worker takes what it can run, and gives it back if it dies before the end.
            "WORKER_PREFETCH_MULTIPLIER": 1,
            "TASK_ACKS_LATE": True,
        },
        "CELERY_BROKER_TRANSPORT_OPTIONS": {"VISIBILITY_TIMEOUT": REDELIVERED_AFTER_SECONDS},
    }


def _mlflow(configured: Settings, secrets: Secrets) -> dict[str, str]:
    tracking = configured.mlflow_tracking_url.get_secret_value() or url(configured, "mlflow")
    known = {
        "MLFLOW_TRACKING_URI": tracking,
        "MLFLOW_REGISTRY_URI": tracking,
        "MLFLOW_BACKEND_STORE_URI": tracking,
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": configured.artifacts_root,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        # It logs to stderr, which Airflow shows as errors.
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "3",
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "5",
        "MLFLOW_AUTH_CONFIG_PATH": str(mlflow_login_file(configured).resolve()),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.mlflow_flask_secret_key,
    }
    if public := urlsplit(configured.mlflow_url).netloc:
        # A proxy hands on the name that people ask for; MLflow answers to no name it does not know.
        known["MLFLOW_SERVER_ALLOWED_HOSTS"] = f"{public},{configured.host}:*,localhost:*"
        known["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] = configured.mlflow_url.rstrip("/")
    return known


def _python() -> dict[str, str]:
    """What child processes need to find redeye and this environment's commands."""

    def put_first(folder: Path, path: str) -> str:
        return os.pathsep.join(dict.fromkeys([str(folder), *filter(None, path.split(os.pathsep))]))

    path = os.environ.get("PYTHONPATH", "")
    return {
        "PATH": put_first(Path(sys.executable).parent, os.environ.get("PATH", os.defpath)),
        # A source of the operator's own is found through his path; a package is found by itself.
        "PYTHONPATH": path if IS_INSTALLED else put_first(CODE, path),
        # Empty means off: where bytecode is not kept, each of the many processes compiles all it imports.
        "PYTHONDONTWRITEBYTECODE": "",
        # Feast's SQLite store keeps times as the process's local time shows them.
        "TZ": "UTC",
        # Threads that spin while they wait take the cores from each other: a fit took five times as long.
        "OMP_WAIT_POLICY": "PASSIVE",
        # Matrices here are small: more threads take up to three times the processor time, and no less time.
        "OPENBLAS_NUM_THREADS": "1",
    }


def _quiet() -> dict[str, str]:
    """No telemetry, from anything."""
    return {
        "DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GX_ANALYTICS_ENABLED": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "FEAST_USAGE": "false",
        "SCARF_ANALYTICS": "false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
    }


def hostname() -> str:
    """Where Airflow finds the log servers of its own processes: all of them are here."""
    return settings().host
