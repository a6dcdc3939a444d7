"""Every setting of Redeye, read from the environment with the prefix `REDEYE_`.

Defaults describe the embedded stack. Production overrides the URLs. Secrets are generated once by
the stack into `<home>/secrets.env` (mode 0600) and reach processes through the environment.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from redeye.foundation.engine.places import ENGINE as ENGINE
from redeye.foundation.engine.places import PROJECT_ROOT as PROJECT_ROOT
from redeye.foundation.errors import ConfigError
from redeye.foundation.people.login_settings import LoginSettings

if TYPE_CHECKING:
    from upath import UPath

_SPECS = PROJECT_ROOT / "ml" / "specs"
SPECS = _SPECS if _SPECS.is_dir() else PROJECT_ROOT / "models"
"""Folder of the project's specs, a model each."""
RESULTS = PROJECT_ROOT / "docs" / "results"
"""Folder of the pages that studies write."""
SHIFT_FILE = "shift_weeks"
"""File in the home: how many weeks this installation's calendar is shifted by."""


class Settings(LoginSettings):
    """Settings of one installation; frozen once read."""

    model_config = SettingsConfigDict(env_prefix="REDEYE_", frozen=True, extra="forbid")

    project: Path = Field(
        default=ENGINE,
        description="Folder of the project to run, with its `redeye.yaml`; for `./redeye` the one it is typed in.",
    )
    home: Path = Field(
        default=PROJECT_ROOT / ".redeye",
        description="Folder of all state: databases, landing, lakes, models, logs. Git-ignored.",
    )
    host: str = Field(default="127.0.0.1", description="Address that every server binds to.")
    postgres_port: int = Field(default=15432, description="Port of the embedded Postgres.")
    airflow_port: int = Field(default=18080, description="Port of the Airflow UI and API.")
    mlflow_port: int = Field(default=15000, description="Port of the MLflow UI.")
    airflow_log_port: int = Field(default=18793, description="Port of Airflow's worker log server.")

    warehouse_dsn: SecretStr = Field(
        default=SecretStr(""), description="libpq DSN of the warehouse's catalog and release ledger."
    )
    outputs_dsn: SecretStr = Field(
        default=SecretStr(""), description="libpq DSN of the outputs' catalog and promotion ledger."
    )
    feast_registry_url: SecretStr = Field(
        default=SecretStr(""), description="SQLAlchemy URL of Feast's registry."
    )
    mlflow_tracking_url: SecretStr = Field(
        default=SecretStr(""),
        description="SQLAlchemy URL of MLflow's store, or `https://…` of an MLflow server elsewhere.",
    )
    airflow_url: str = Field(
        default="",
        description="Address at which people reach Airflow's UI, where a proxy stands before it. Links lead there.",
    )
    mlflow_url: str = Field(
        default="",
        description="Address at which people reach MLflow's UI, where a proxy stands before it. Links lead there.",
    )
    airflow_api_password: SecretStr = Field(
        default=SecretStr(""), description="Password of Airflow's `admin` user."
    )

    content_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of 64 hexadecimal digits that the rows of releases are hashed with. It never changes.",
    )

    landing_url: str = Field(
        default="",
        description="Folder of the deliveries as a URL that fsspec reads, such as `s3://bucket/landing`.",
    )
    exports_url: str = Field(
        default="", description="Folder of the consumers' prediction files as such a URL."
    )
    artifacts_url: str = Field(
        default="", description="Folder of MLflow's artifacts as a URL that MLflow reads."
    )
    online_store_url: SecretStr = Field(
        default=SecretStr(""),
        description="`redis://…` or `rediss://…` of Feast's online store, in place of the embedded SQLite.",
    )
    executor: Literal["LocalExecutor", "CeleryExecutor"] = Field(
        default="LocalExecutor", description="What runs Airflow's tasks: its scheduler, or Celery's workers."
    )
    celery_broker_url: SecretStr = Field(
        default=SecretStr(""), description="`redis://…` of Celery's broker; the CeleryExecutor needs it."
    )
    celery_concurrency: int = Field(default=2, ge=1, description="Tasks at once in one Celery worker.")

    source: str = Field(
        default="",
        description="The source of deliveries in place of the project's, as `module:Class` of a "
        "`redeye.sources.logic.deliveries.Source`.",
    )
    shift_weeks: int = Field(
        default=0,
        ge=0,
        description="How many weeks later than in the source everything happens, so that the schedule fires "
        "tonight; 0 is the source's own calendar. Without the variable the file `shift_weeks` in the home says "
        "it, which `./redeye live` writes. An installation keeps one value.",
    )
    models: str = Field(
        default="", description="Which models this installation plays, by name, with commas between."
    )
    rehearsal: str = Field(
        default="",
        description="YAML file of faults to put into the deliveries, in an installation kept for that: "
        "all its rows, files and pages say so (docs/results/rehearsals.md). Empty rehearses nothing.",
    )
    actor: str = Field(
        default="",
        description="Who acts by the command line, as it is recorded with what they decide; else the user of the "
        "operating system.",
    )
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="Threads for DuckDB and for model training.",
    )
    lease_ttl_seconds: int = Field(
        default=900, ge=5, le=86_400, description="After this, an abandoned lease may be taken."
    )
    lease_wait_seconds: int = Field(default=600, ge=0, description="How long to wait for a held lease.")
    disk_budget_gb: float = Field(
        default=20.0,
        gt=0,
        description="What the home may take on disk, in units of 10^9 bytes. A warning comes from 80 % on.",
    )
    backup_key_file: str = Field(
        default="",
        description="File with the key that backups are sealed with; without it, beside the home, of its name with "
        "`.backup-key`. Keep a copy of it elsewhere.",
    )
    signing_key_file: str = Field(
        default="",
        description="File with the private key that decisions and releases are signed with; without it, beside the "
        "home, of its name with `.signing-key`. No copy is needed: after its loss a new one is made.",
    )
    maintenance_grace_hours: int = Field(
        default=24,
        ge=0,
        description="How long files stay that the lakes let go of: longer than any reader or writer runs.",
    )
    lineage_url: str = Field(
        default="",
        description="Where OpenLineage events go, such as a collector's `http://host:5000`; else to a file.",
    )
    anchors_file: Path = Field(
        default=Path("anchors.ndjson"),
        description="File to which heads of the ledgers' trail are added, from the home; best on another machine.",
    )
    anchors_url: SecretStr = Field(
        default=SecretStr(""),
        description="Where such heads are posted as JSON as well, such as `https://…` of a log that only grows.",
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port of Redeye's metrics for Prometheus; 0 is none."
    )
    api_port: int = Field(
        default=0, ge=0, le=65535, description="Port of the API of predictions for consumers; 0 is none."
    )
    otlp_url: str = Field(
        default="",
        description="Where Airflow's own metrics go by OTLP over HTTP, such as `http://host:4318`.",
    )
    report_nights: int = Field(
        default=90, ge=1, description="Nights whose drift reports are kept, per model; a page has some 5 MB."
    )
    alert_urls: SecretStr = Field(
        default=SecretStr(""),
        description="Where alerts go: URLs that apprise reads, separated by spaces, such as "
        "`mailtos://user:password@mail.example?to=ops@example`. Nothing is sent without it.",
    )
    alert_interval_minutes: int = Field(
        default=15, ge=1, description="Between two messages to one address; what comes up meanwhile waits."
    )
    log_retention_days: int = Field(
        default=90, ge=1, description="After this, logs of tasks and of dbt, and audit pages, are deleted."
    )

    @property
    def public_airflow_url(self) -> str:
        """Where people reach Airflow's UI; no slash at its end."""
        return self.airflow_url.rstrip("/") or f"http://{self.host}:{self.airflow_port}"

    @property
    def mlflow_server_elsewhere(self) -> str:
        """Address of an MLflow server that is not ours, no slash at its end; empty if ours runs here."""
        url = self.mlflow_tracking_url.get_secret_value()
        return url.rstrip("/") if url.startswith(("http://", "https://")) else ""

    @property
    def public_mlflow_url(self) -> str:
        """Where people reach MLflow's UI; no slash at its end."""
        own = f"http://{self.host}:{self.mlflow_port}"
        return self.mlflow_url.rstrip("/") or self.mlflow_server_elsewhere or own

    @model_validator(mode="before")
    @classmethod
    def _read_the_installations_shift(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The file in the home, where neither the environment nor the caller says how far to shift."""
        path = Path(given.get("home") or cls.model_fields["home"].default) / SHIFT_FILE
        if "shift_weeks" in given or not path.is_file():
            return given
        return {**given, "shift_weeks": path.read_text(encoding="utf-8").strip()}

    @property
    def landing(self) -> Path | UPath:
        """Folder of the immutable, content-hashed deliveries; of an object store if its URL is set."""
        return _make_path(self.landing_url) if self.landing_url else self.home / "landing"

    @property
    def lake(self) -> Path:
        """Folder of the two lakes' Parquet files: `warehouse/` and `outputs/`."""
        return self.home / "lake"

    @property
    def artifacts(self) -> Path:
        """Folder of MLflow's artifacts."""
        return self.home / "mlflow" / "artifacts"

    @property
    def artifacts_root(self) -> str:
        """Where MLflow's artifacts lie, as a URI without a slash at its end."""
        return self.artifacts_url.rstrip("/") or self.artifacts.resolve().as_uri()

    @property
    def online_store(self) -> Path:
        """SQLite file of Feast's embedded online store."""
        return self.home / "feast" / "online.db"

    @property
    def data_docs(self) -> Path:
        """Folder of Great Expectations' Data Docs."""
        return self.home / "data_docs"

    @property
    def reports(self) -> Path:
        """Folder of Evidently's pages: `<model>/<night>/{night,week}.html`."""
        return self.home / "reports"

    @property
    def drift(self) -> Path:
        """Folder of the champions' references and of the features drift was measured on: a cache."""
        return self.home / "drift"

    @property
    def lineage_file(self) -> Path:
        """OpenLineage events, a JSON object a line, unless a collector takes them."""
        return self.home / "lineage" / "events.ndjson"

    @property
    def exports(self) -> Path | UPath:
        """Folder of the prediction files for consumers; of an object store if its URL is set."""
        return _make_path(self.exports_url) if self.exports_url else self.home / "exports"


def _make_path(url: str) -> UPath:
    from upath import UPath

    # What another process has put must be seen at once.
    return UPath(url, use_listings_cache=False)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Tests that change the environment call `settings.cache_clear()`."""
    return Settings()


def require_secret(name: str, kind: str) -> str:
    """The value of a setting that something cannot do without.

    Raises:
        ConfigError: if it is not set, saying of what kind it is.
    """
    value = getattr(settings(), name).get_secret_value()
    if not value:
        raise ConfigError(f"REDEYE_{name.upper()} is not set: start the stack, or set it to a {kind}")
    return str(value)


# What nothing embedded stands in for.
UNSET = (
    "alert_urls",
    "anchors_url",
    "api_port",
    "lineage_url",
    "metrics_port",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_client_secret_file",
    "oidc_issuer",
    "otlp_url",
)
INSTEAD_OF_EMPTY = {
    "backup_key_file": "beside the home",
    "project": "the checkout",
    "home": "`.redeye` in the project's folder",
    "models": "all of the project",
    "rehearsal": "nothing",
    "signing_key_file": "beside the home",
    "source": "the one of `redeye.yaml`",
}


def describe() -> str:
    """The page on settings, as Markdown: every variable, its default, what it means."""
    lines = [
        "# Settings",
        "",
        "Environment variables, read by every process. Written by `./redeye docs`.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    fields = Settings.model_fields
    # What is inherited is listed last.
    for name in sorted(fields, key=lambda each: each in LoginSettings.model_fields):
        field = fields[name]
        default = field.default
        if name in UNSET:
            shown = "none"
        elif name in INSTEAD_OF_EMPTY:
            shown = INSTEAD_OF_EMPTY[name]
        elif isinstance(default, SecretStr) or default == "":
            shown = "the embedded stack's"
        elif field.default_factory is not None:
            shown = "as many as there are cores"
        else:
            shown = f"`{default}`"
        lines.append(f"| `REDEYE_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"
