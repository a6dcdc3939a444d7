"""One installation and one model registry for all rollbacks; each test has a model of its own in them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.verdicts import Verdict
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import ledger_transaction
from redeye.foundation.settings import PROJECT_ROOT, settings
from redeye.models.mlflow_registry import Alias
from redeye.promotion import decision_store
from redeye.promotion.decision_store import Proposal
from redeye.promotion.logic.decision import Decision
from redeye.scoring import outputs_store
from redeye.scoring.logic.predictions import LIVE

FIRST = date(2013, 4, 1)


def night(number: int) -> date:
    return FIRST + timedelta(days=number)


@dataclass
class Champions:
    """A model whose ledger, scored nights and registered versions a test writes as it likes."""

    model: str

    def score(self, number: int) -> None:
        row = {"model": self.model, "lane": LIVE, "night": night(number), "flight_id": str(number)}
        outputs_store.write_once(
            {"predictions": pd.DataFrame([row])}, model=self.model, night=night(number), run_id="test"
        )

    def register(self, version: int) -> None:
        from redeye.models.mlflow_client import client

        tags = {"algorithm": "xgboost", "seen_until": str(FIRST), **self.files(version)}
        if version == 1:
            client().create_registered_model(self.model)
        made = client().create_model_version(self.model, source="/nowhere", tags=tags)
        assert int(made.version) == version

    def files(self, version: int) -> dict[str, str]:
        return {"artifact_uri": f"{self.model}/{version}", "artifact_sha256": f"hash of {version}"}

    def row(self, version: int, decided: int, lag: int) -> dict[str, Any]:
        return {
            "version": version,
            "algorithm": "xgboost" if version > 1 else "heuristic",
            "feature_service": "flight_delay_v1",
            "decided_night": night(decided),
            "effective_night": night(decided + lag),
            "reason": f"version {version} is better",
            "evidence": {"seen_until": str(FIRST), "version": version},
            "actor": "test",
            "run_id": f"training of {version}",
            **self.files(version),
        }

    def promote(self, version: int, decided: int, *, lag: int = 2) -> Promotion:
        last = promotion_store.read_latest_promotion(self.model)
        return promotion_store.promote(
            self.model,
            **self.row(version, decided, lag),
            follows=last,
            last_scored_night=outputs_store.find_last_scored_night,
        )

    def propose(self, version: int, number: int, *, actor: str = "verdict") -> None:
        """Register a version that passed the gates on a night and awaits a person."""
        self.register(version)
        last = promotion_store.read_latest_promotion(self.model)
        assert last is not None
        decision_store.propose(
            Proposal(
                model=self.model,
                night=night(number),
                training_key=f"key of {version}",
                version=version,
                algorithm="xgboost",
                feature_service="flight_delay_v1",
                effective_night=night(number + 2),
                follows_id=last.promotion_id,
                asked="the verdict",
                reason="all gates passed",
                evidence={"seen_until": str(FIRST)},
                actor=actor,
                run_id=f"requested {version}",
                mlflow_run_id="run",
                **self.files(version),
            )
        )

    def say(self, verdicts: dict[int, Verdict]) -> None:
        """Record what was decided after nights, as `decide_night` would."""
        decision_store.decide_forwards(
            self.model,
            lambda so_far, scored: (
                (Decision(night(number), verdict, False, "a test"), {}, None)
                for number, verdict in sorted(verdicts.items())
            ),
            run_id="test",
        )

    def rows(self) -> list[tuple[int, str]]:
        return [(row.version, str(row.kind)) for row in promotion_store.read_promotions(self.model)]

    def blocked(self) -> list[tuple[int, bool]]:
        return [(row.version, row.is_blocked) for row in block_store.read_blocks(self.model)]

    def aliases(self) -> dict[str, int]:
        from redeye.models import mlflow_registry

        return mlflow_registry.aliases(self.model)

    def agree(self) -> None:
        """Ledger and alias name the same champion."""
        last = promotion_store.read_latest_promotion(self.model)
        assert last is not None
        assert self.aliases()[Alias.CHAMPION] == last.version


@pytest.fixture(scope="module")
def stack_env(
    install: Callable[..., AbstractContextManager[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    with install(tmp_path_factory.mktemp("redeye-rollback")) as stack:
        database = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
        os.environ["REDEYE_MLFLOW_TRACKING_URL"] = f"sqlite:///{database}"
        settings.cache_clear()
        yield stack


@pytest.fixture
def champions(stack_env: object, request: pytest.FixtureRequest) -> Champions:
    """The heuristic, then version 2, which served well, then version 3, which serves; 20 nights are scored."""
    made = Champions("".join(letter if letter.isalnum() else "_" for letter in request.node.name))
    made.score(20)
    # Straight into the ledgers: by the jobs it takes seconds for each test.
    with (
        lease.hold(Catalog.OUTPUTS, "test") as token,
        ledger_transaction(Catalog.OUTPUTS) as con,
        con.cursor() as cursor,
    ):
        rows = []
        for version, decided, effective in ((1, 0, 1), (2, 0, 2), (3, 10, 12)):
            values = made.row(version, decided, effective - decided)
            rows.append(
                promotion_store._insert(
                    cursor, token, **values, model=made.model, kind=PromotionKind.PROMOTION
                )
            )
        before = None
        for number, verdict in ((1, Verdict.OK), (11, Verdict.WARNING), (20, Verdict.RETRAIN)):
            cursor.execute(
                "INSERT INTO ledger.retraining_decisions (model, night, previous_night, verdict, is_requested, "
                "reason, evidence, run_id, fencing_token) VALUES (%s, %s, %s, %s, false, '', '{}', '', %s)",
                (made.model, night(number), before, str(verdict), token),
            )
            before = night(number)
    for row in rows:
        promotion_store.sign_promotion(row)
    return made


@pytest.fixture
def registered(champions: Champions) -> Champions:
    """The same, with all three versions in the registry."""
    for version in (1, 2, 3):
        champions.register(version)
    return champions


@pytest.fixture(scope="session")
def run() -> Callable[..., subprocess.Popen[str]]:
    """Starts a program that calls something; with `moment`, it kills itself where that function is called."""

    def start(call: str, moment: str | None = None, *, is_after: bool = False) -> subprocess.Popen[str]:
        opening = textwrap.dedent(
            f"""
            import importlib, logging, os, signal
            from datetime import date
            moment, is_after = {moment!r}, {is_after!r}
            if moment:
                module, _, name = moment.rpartition(".")
                module = importlib.import_module(module)
                real = getattr(module, name)
                def killed(*args, **kwargs):
                    if is_after:
                        real(*args, **kwargs)
                    os.kill(os.getpid(), signal.SIGKILL)
                setattr(module, name, killed)
            """
        )
        script = opening + textwrap.dedent(call)
        return subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": f"{PROJECT_ROOT / 'ml'}:{PROJECT_ROOT / 'tests'}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
