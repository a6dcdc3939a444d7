"""An MLflow store of its own in SQLite, a promotion ledger in memory, and made-up nights to learn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from redeye.champions.logic.promotions import Promotion
from redeye.declarations.spec_fields import name_column
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.errors import AlreadyDecided
from redeye.foundation.settings import PROJECT_ROOT, settings
from redeye.models.logic.training_subject import Subject
from redeye.promotion.decision_store import RecordedTraining
from redeye.warehouse.logic.releases import Release, ReleaseKind

NIGHT = date(2013, 3, 31)
FIRST = date(2013, 1, 1)
PER_NIGHT = 260
RELEASE = Release("2013-03-31.r1", NIGHT, 1, FIRST, ReleaseKind.HISTORY, 7, "deliveries", "code", "sha")


@dataclass
class MemoryLedger:
    """Promotions kept in a list, under the ledger's own rule of compare-and-set."""

    rows: list[Promotion] = field(default_factory=list)
    trainings: list[RecordedTraining] = field(default_factory=list)

    def read_promotions(self, model: str) -> list[Promotion]:
        return list(self.rows)

    def read_latest_promotion(self, model: str) -> Promotion | None:
        return self.rows[-1] if self.rows else None

    def promote(
        self, model: str, *, follows: Promotion | None, last_scored_night: object, **values: Any
    ) -> Promotion:
        if follows != self.read_latest_promotion(model):
            raise AlreadyDecided("another promotion followed meanwhile")
        self.rows.append(Promotion(promotion_id=len(self.rows) + 1, model=model, **values))
        return self.rows[-1]


@pytest.fixture(scope="session")
def mlflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An initialised store; making its tables takes longer than all tests."""
    import mlflow

    home = tmp_path_factory.mktemp("mlflow")
    mlflow.MlflowClient(tracking_uri=f"sqlite:///{home / 'empty.db'}").search_experiments()
    return home


@pytest.fixture
def store(mlflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh copy of the store, named by the settings."""
    database = tmp_path / "mlflow.db"
    database.write_bytes((mlflow_home / "empty.db").read_bytes())
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REDEYE_MLFLOW_TRACKING_URL", f"sqlite:///{database}")
    monkeypatch.setenv("REDEYE_THREADS", "1")
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture
def spec() -> Spec:
    """The real spec with few trees and a small network, and gates that a hundred flights a night can meet."""
    real = load_spec(PROJECT_ROOT / "ml" / "specs" / "flight_delay.yaml")
    algorithms = real.algorithms.model_copy(
        update={
            "xgboost": real.algorithms.xgboost.model_copy(update={"rounds": 25, "learning_rate": 0.3}),
            "torch": real.algorithms.torch.model_copy(update={"hidden": 16, "maximum_epochs": 3}),
        }
    )
    return real.model_copy(update={"algorithms": algorithms})


@pytest.fixture
def subject(spec: Spec) -> Subject:
    return Subject(spec, NIGHT, RELEASE, "code", "sha", "manual__1", "tester", "a test")


@pytest.fixture
def frame(spec: Spec) -> pd.DataFrame:
    """Labelled rows of ninety nights in which one rate says a lot and one carrier is often late."""
    random = np.random.default_rng(1)
    nights = pd.date_range(FIRST, NIGHT)
    rows = len(nights) * PER_NIGHT
    columns: dict[str, Any] = {name_column(name): random.normal(size=rows) for name in spec.features}
    rate = random.beta(2, 6, rows)
    columns["route_delays__late_rate_7n"] = rate
    columns["carrier_origin_hour_delays__flights_all"] = np.full(rows, 100)
    columns["carrier_origin_hour_delays__late_flights_all"] = random.binomial(100, rate * 0.5 + 0.1)
    columns["flight_number_plane__usual_engine"] = random.choice(["Turbo-fan", None], rows)
    columns |= {name: random.choice(["AA", "B6"], rows) for name in spec.entity_keys}
    columns |= {
        column.name: random.integers(0, 900, rows)
        for column in spec.schedule_columns
        if column.kind == "numeric"
    }
    columns["night"] = np.repeat(nights, PER_NIGHT)
    columns["flight_id"] = [f"flight {row}" for row in range(rows)]
    late = np.clip(rate + 0.25 * (columns["carrier_id"] == "B6"), 0, 1)
    columns["is_late"] = random.random(rows) < late
    return pd.DataFrame(columns)


@pytest.fixture
def memory_ledger(monkeypatch: pytest.MonkeyPatch) -> MemoryLedger:
    """The ledgers of the training job, in memory; no verdict asks for a training there."""
    from redeye.champions import block_store, promotion_store, registry_position_store
    from redeye.promotion import decision_store

    kept = MemoryLedger()
    monkeypatch.setattr(block_store, "read_blocks", lambda model: [])
    monkeypatch.setattr(registry_position_store, "record_position", lambda model, position: None)
    for name in ("read_promotions", "read_latest_promotion", "promote"):
        monkeypatch.setattr(promotion_store, name, getattr(kept, name))
    monkeypatch.setattr(decision_store, "request_tags", lambda model, night: ("", {}))
    monkeypatch.setattr(decision_store, "record_training", kept.trainings.append)
    return kept


@dataclass
class TrainingNight:
    """What stands in for the warehouse and Feast: the frame, and the rows that were asked for."""

    frame: pd.DataFrame
    read: pd.DataFrame | None = None


@pytest.fixture
def training_night(
    store: Path, memory_ledger: MemoryLedger, spec: Spec, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> TrainingNight:
    """The training job over the made-up nights. The population's SQL runs, over a table in memory."""
    import duckdb

    from redeye.promotion import train

    held = TrainingNight(frame)
    features = [name_column(name) for name in spec.features]

    def connect_at(snapshot_id: int) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        con.execute("ATTACH ':memory:' AS warehouse")
        con.execute("CREATE SCHEMA warehouse.marts")
        facts = held.frame.drop(columns=features)
        later = pd.concat(
            [facts, facts.assign(night=facts["night"] + pd.Timedelta(days=len(facts) // PER_NIGHT))]
        )
        later["entity_at"] = later["night"] + pd.Timedelta(hours=31)
        later["outcome_known_at"] = later["night"] + pd.Timedelta(hours=50)
        con.register("facts", later)
        con.execute("CREATE TABLE warehouse.marts.fct_flights AS SELECT * FROM facts")
        return con

    def read_feature_frame(snapshot_id: int, entities: pd.DataFrame, service: str) -> pd.DataFrame:
        held.read = entities
        known = held.frame[["flight_id", *features]]
        return entities.merge(known, on="flight_id", how="left", validate="many_to_one")

    monkeypatch.setattr(train.lake, "connect_at", connect_at)
    monkeypatch.setattr(train, "read_feature_frame", read_feature_frame)
    monkeypatch.setattr(train, "load_spec", lambda path: spec)
    monkeypatch.setattr(train, "git_sha", lambda: "sha")
    monkeypatch.setattr(train.release_store, "covering_release", lambda night: RELEASE)
    return held
