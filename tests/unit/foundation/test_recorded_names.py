"""What an installation recorded before the rooms is still found: in Feast's registry, in versions, by its own code."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from redeye.declarations.project import project
from redeye.features import feast_registry
from redeye.features.feast_import import import_feast
from redeye.foundation import recorded_names
from redeye.foundation.settings import PROJECT_ROOT, settings
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.algorithms.storage import save_model
from redeye.sources.configured_source import load_source

# What a team's own source, store or DAG was told of, by the documentation of that time or by what lay beside it.
SEAMS = {
    "redeye.settings": "PROJECT_ROOT SPECS Settings settings",
    "redeye.core.errors": (
        "RedeyeError ConfigError DeliveryError AuditRefused FeatureEdited NotReleased LeaseLost LeaseHeld "
        "AlreadyDecided TooLate Barred RegistryDiffers ReleaseAltered DiskBudgetExceeded BackupError"
    ),
    "redeye.core.calendar": (
        "NEW_YORK NIGHT_STARTS ONE_DAY FEATURE_TTL start_of cutoff night_of coming_day nights"
    ),
    "redeye.core.sources": (
        "Location KNOWN_AT MISSING SCHEDULE Dataset Delivery DeliveryRef Source Shiftable dataset_named"
    ),
    "redeye.core.algorithms.storage": "ModelAltered algorithm save_model load_model",
    "redeye.adapters.flight_nights": "COLUMNS MACROS OUTCOMES WEATHER SCHEDULE PLANES AIRPORTS AIRLINES cut nothing",
    "redeye.adapters.nycflights13": "NycFlights13",
    "redeye.adapters.bts": "Bts",
    "redeye.adapters.lake_source": "LakeSource",
    "redeye.adapters.offline_store": "LakeOfflineStore LakeOfflineStoreConfig",
    "redeye.adapters.dbt_plugin": "Plugin",
    "redeye.adapters.mlflow_login": "authorise",
    "redeye.jobs.approval": "settle",
    "redeye.jobs.build": "transform publish",
    "redeye.jobs.drift": "report_night",
    "redeye.jobs.ingest": "ingest_nights",
    "redeye.jobs.maintain": "compact_lakes verify_releases remove_files check_disk",
    "redeye.jobs.materialize": "materialize_night",
    "redeye.jobs.monitor": "monitor_night",
    "redeye.jobs.reconciliation": "reconcile",
    "redeye.jobs.repair": "ingest_again transform_again",
    "redeye.jobs.retraining": "decide_night",
    "redeye.jobs.score": "score_night export_night",
    "redeye.jobs.train": "train_night",
    "redeye.stack.reaper": "",
    "redeye.stack.watchdog": "",
    "redeye.stack.alerting": "watch sweep find_all_alerts",
    "redeye.stack.healthy": "main",
}
# As MLflow copied it into each version, but for its words.
LOADER = """
from pathlib import Path
import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel
from redeye.core.algorithms.storage import load_model

class HashedModel(PythonModel):
    def load_context(self, context):
        self.model = load_model(Path(context.artifacts["model"]), context.model_config["sha256"])
    def predict(self, context, model_input: pd.DataFrame, params=None) -> pd.Series:
        return pd.Series(self.model.predict(model_input), index=model_input.index, name="probability")

mlflow.models.set_model(HashedModel())
"""


def test_every_row_of_the_table_is_a_seam_and_the_other_way_round() -> None:
    assert recorded_names.MODULES.keys() == SEAMS.keys()


@pytest.mark.parametrize(("module", "names"), SEAMS.items())
def test_what_was_imported_before_is_what_is_imported_now(module: str, names: str) -> None:
    found = import_module(module)
    assert all(getattr(found, name) is not None for name in names.split())


def test_a_recorded_class_is_the_class_of_now_and_not_a_copy() -> None:
    before = import_module("redeye.adapters.nycflights13").NycFlights13
    assert before is import_module(recorded_names.MODULES["redeye.adapters.nycflights13"]).NycFlights13


def test_a_name_that_never_was_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_module("redeye.core.nothing")
    with pytest.raises(AttributeError, match="nothing"):
        _ = import_module("redeye.core.calendar").nothing


def test_a_module_is_run_by_its_recorded_name() -> None:
    command = [sys.executable, "-m", "redeye.stack.watchdog"]
    ran = subprocess.run(
        command, env={"PYTHONPATH": str(PROJECT_ROOT / "ml")}, capture_output=True, text=True
    )
    # It gets as far as asking for the supervisor that is to run it.
    assert "SUPERVISOR_SERVER_URL" in ran.stderr


def test_the_source_is_found_by_the_setting_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDEYE_SOURCE", "redeye.adapters.nycflights13:NycFlights13")
    settings.cache_clear()
    try:
        assert type(load_source()).__module__ == project().source.partition(":")[0]
    finally:
        settings.cache_clear()


def test_a_version_is_loaded_by_the_code_that_was_kept_with_it(tmp_path: Path) -> None:
    model = HeuristicModel("late", "flights", 0.2, 10.0)
    (tmp_path / "pyfunc_model.py").write_text(LOADER, encoding="utf-8")
    sha256 = save_model(model, tmp_path / "model")
    mlflow.pyfunc.save_model(
        tmp_path / "version",
        python_model=str(tmp_path / "pyfunc_model.py"),
        artifacts={"model": str(tmp_path / "model")},
        model_config={"sha256": sha256},
        pip_requirements=[],
    )

    frame = pd.DataFrame({"late": [1.0, 2.0], "flights": [5.0, 5.0]})
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "version"))
    assert loaded.predict(frame).tolist() == model.predict(frame).tolist()


def test_a_registry_that_names_the_class_of_before_is_read_and_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_feast()
    from redeye.features.feast_lake_source import LakeSource

    monkeypatch.setenv("REDEYE_HOME", str(tmp_path))
    monkeypatch.setenv("REDEYE_FEAST_REGISTRY_URL", f"sqlite:///{tmp_path}/registry.db")
    settings.cache_clear()
    try:
        with monkeypatch.context() as before:
            before.setattr(LakeSource, "__module__", "redeye.adapters.lake_source")
            before.setattr(feast_registry, "hash_definitions", lambda: "of before")
            assert feast_registry.apply()
        assert b"redeye.adapters.lake_source.LakeSource" in (tmp_path / "registry.db").read_bytes()
        store = feast_registry.store_at(None)
        assert {type(each) for each in store.registry.list_data_sources(store.project)} == {LakeSource}
        assert feast_registry.apply()
        assert not feast_registry.apply()
    finally:
        settings.cache_clear()
