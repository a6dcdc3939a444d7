"""Names of modules that installations recorded before the rooms, and where each is now.

Feast's registry names the class of its sources, a registered version holds a copy of the code that loads it, and a
team's settings, `profiles.yml`, DAGs and own sources name modules. None of these can be rewritten from here, so the
names stay importable for good: a row of this table is never removed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pkgutil import resolve_name
from types import CodeType, ModuleType

MODULES = {
    # Feast: the registry, and `feature_store.yaml`.
    "redeye.adapters.lake_source": "redeye.features.feast_lake_source",
    "redeye.adapters.offline_store": "redeye.features.feast_offline_store",
    # MLflow: the loader kept with each version, and `login.ini`.
    "redeye.core.algorithms.storage": "redeye.models.algorithms.storage",
    "redeye.adapters.mlflow_login": "redeye.stack.servers.mlflow_login",
    # dbt's `profiles.yml`, also of the commit that a change is compared with.
    "redeye.adapters.dbt_plugin": "redeye.warehouse.dbt_plugin",
    # `REDEYE_SOURCE`, and what a team's own source imports.
    "redeye.adapters.bts": "flights.bts",
    "redeye.adapters.flight_nights": "flights.flight_nights",
    "redeye.adapters.nycflights13": "flights.nycflights13",
    "redeye.core.calendar": "redeye.declarations.calendar",
    "redeye.core.errors": "redeye.foundation.errors",
    "redeye.core.sources": "redeye.sources.logic.deliveries",
    "redeye.settings": "redeye.foundation.settings",
    # What a team's own DAG runs.
    "redeye.jobs.approval": "redeye.promotion.approve",
    "redeye.jobs.build": "redeye.operations.build_nights",
    "redeye.jobs.drift": "redeye.monitoring.measure_drift",
    "redeye.jobs.ingest": "redeye.sources.ingest",
    "redeye.jobs.maintain": "redeye.operations.maintain",
    "redeye.jobs.materialize": "redeye.features.materialize",
    "redeye.jobs.monitor": "redeye.monitoring.monitor",
    "redeye.jobs.reconciliation": "redeye.promotion.reconcile",
    "redeye.jobs.repair": "redeye.operations.build_nights",
    "redeye.jobs.retraining": "redeye.promotion.decide",
    "redeye.jobs.score": "redeye.scoring.score",
    "redeye.jobs.train": "redeye.promotion.train",
    # What a supervisor that runs on through an upgrade starts again.
    "redeye.stack.alerting": "redeye.stack.alert_loop",
    "redeye.stack.reaper": "redeye.stack.servers.reaper",
    "redeye.stack.watchdog": "redeye.stack.servers.watchdog",
    # What a team's own compose file asks for a server's health.
    "redeye.stack.healthy": "redeye.stack.health_check",
}
PACKAGES = {name.rpartition(".")[0] for name in MODULES} - {"redeye", "redeye.stack"}

# What has another name now, or another module (`module:name`); what was a value and is a function is called.
ATTRIBUTES = {
    "redeye.adapters.flight_nights": {"nothing": "make_empty_frame"},
    "redeye.core.calendar": {
        "FEATURE_TTL": "redeye.features.logic.feature_views:find_feature_ttl()",
        "NEW_YORK": "zone()",
        "NIGHT_STARTS": "clock_cutoff()",
        "nights": "list_nights",
        "night_of": "find_night",
        "start_of": "find_start",
    },
    "redeye.core.errors": {"Barred": "VersionIsBlocked"},
    "redeye.core.sources": {
        "SCHEDULE": "redeye.declarations.project:name_schedule()",
        "dataset_named": "find_dataset",
    },
    "redeye.jobs.build": {"publish": "redeye.warehouse.build:publish"},
    "redeye.jobs.repair": {"ingest_again": "redeye.warehouse.repair:ingest_again"},
}


class RecordedNames(MetaPathFinder, Loader):
    """Imports a module of the table by its recorded name: the same classes and functions, from where they are now."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  as the protocol has it
        target: ModuleType | None = None,  # noqa: ARG002  as the protocol has it
    ) -> ModuleSpec | None:
        """The module's spec, if the table has its name."""
        if fullname not in MODULES and fullname not in PACKAGES:
            return None
        return ModuleSpec(fullname, self, is_package=fullname in PACKAGES)

    def exec_module(self, module: ModuleType) -> None:
        """Let the module answer with what the one of now has."""
        recorded = module.__name__
        if recorded not in MODULES:
            return
        now, renamed = import_module(MODULES[recorded]), ATTRIBUTES.get(recorded, {})

        def find(name: str) -> object:
            name, is_called, _ = renamed.get(name, name).partition("()")
            found = resolve_name(name) if ":" in name else getattr(now, name)
            return found() if is_called else found

        vars(module)["__getattr__"] = find

    def get_code(self, fullname: str) -> CodeType:
        """For `python -m`: what runs the module of now in its place."""
        run = f"from runpy import run_module; run_module({MODULES[fullname]!r}, run_name='__main__', alter_sys=True)"
        return compile(run, fullname, "exec")


def keep_recorded_names() -> None:
    """Make them importable; again is no change."""
    if not any(isinstance(each, RecordedNames) for each in sys.meta_path):
        sys.meta_path.append(RecordedNames())
