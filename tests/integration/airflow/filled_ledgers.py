"""What stands in the ledgers and lakes before the pages are asked: of one night, one flight, and a refused audit."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd

from redeye.audits.audit import audit
from redeye.champions import promotion_store
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import insert
from redeye.foundation.settings import settings
from redeye.promotion import decision_store
from redeye.scoring import outputs_store
from redeye.sources import delivery_store
from redeye.warehouse import lake, release_store
from redeye.warehouse.logic.releases import Candidate, ReleaseKind

NIGHT = date(2013, 4, 4)
FLIGHT = "2013-04-05_AA_1_JFK_LAX_0900"
SECRET = "not for anybody"
WATER = """
description: Temperatures of a test.
key: [night, name]
types: {night: date, name: text, "<b>degrees": float}
expectations:
  - expect_column_values_to_be_between: {column: "<b>degrees", min_value: 0, max_value: 100}
    because: Water is liquid.
  - expect_column_values_to_match_regex: {column: name, regex: "^n"}
    because: Names begin with n.
  - expect_column_values_to_be_unique: {column: name}
    because: Names are identities.
"""


def fill_ledgers() -> Path:
    """A champion, two scored nights of which one is degraded, a verdict, a refused audit, a gap, a report.

    Returns:
        The folder of the refused audit's Data Docs, below that of all.
    """
    promote(1, NIGHT - timedelta(days=2), NIGHT - timedelta(days=1), follows=None)
    for night, is_degraded in ((NIGHT - timedelta(days=1), False), (NIGHT, True)):
        common = {"model": "flight_delay", "lane": "live", "night": night, "run_id": "test"}
        common["created_at"] = pd.Timestamp(night)
        outputs_store.write_once(
            {"predictions": pd.DataFrame([_prediction(night, is_degraded=is_degraded)]).assign(**common)},
            model="flight_delay",
            night=night,
            run_id="test",
        )
    verdict = {"verdict": "watch", "reasons": "<script>alert(1)</script> drifted", "release_id": "none"}
    outputs_store.write_once(
        {"verdicts": pd.DataFrame([verdict]).assign(**common)},
        model="flight_delay",
        night=NIGHT,
        run_id="test",
    )
    _release(NIGHT - timedelta(days=1))
    failure = {
        "suite": "releases/fct_flights",
        "expectation": "expect_some",
        "column": "delay_minutes",
        "observed": "12 of 900 rows",
        "because": "a bound",
        "examples": [{"flight_id": FLIGHT}],
    }
    docs_path = _audit_water()
    release_store.record_audit(
        NIGHT,
        snapshot_id=7,
        is_success=False,
        detail={
            "suites": [
                {
                    **failure,
                    "evaluated": 3,
                    "is_success": False,
                    "failures": [failure],
                    "docs_path": docs_path,
                }
            ]
        },
    )
    delivery_store.record_gap(NIGHT, reason="refused", recorded_by="test")
    settings().reports.mkdir(parents=True, exist_ok=True)
    (settings().reports / "secret.html").write_text(SECRET, encoding="utf-8")
    week = settings().reports / "flight_delay" / str(NIGHT) / "week.html"
    week.parent.mkdir(parents=True)
    week.write_text("drift", encoding="utf-8")
    (settings().reports / "link.html").symlink_to(settings().home / "secrets.env")
    return Path(docs_path).parent.relative_to(settings().data_docs)


def _audit_water() -> str:
    """Data Docs of a refused audit whose values are marks of HTML."""
    root = settings().home / "suites"
    root.mkdir()
    (root / "water.yml").write_text(WATER, encoding="utf-8")
    rows = pd.DataFrame({"night": [str(NIGHT)], "name": ["<script>alert(1)</script>"], "<b>degrees": ["300"]})
    found = audit(
        "water", rows, subject=f"water <i>of</i> {NIGHT}", data_docs=settings().data_docs, root=root
    )
    return str(found.docs_path)


def promote(
    version: int, decided: date, effective: date, *, follows: promotion_store.Promotion | None
) -> None:
    """A version that has no files and is in no registry, as champion from a night on."""
    promotion_store.promote(
        "flight_delay",
        version=version,
        algorithm="heuristic",
        feature_service="flight_delay_v1",
        artifact_uri="nowhere",
        artifact_sha256="0" * 64,
        decided_night=decided,
        effective_night=effective,
        reason="first champion",
        evidence={},
        actor="test",
        run_id="test",
        follows=follows,
        last_scored_night=outputs_store.find_last_scored_night,
    )


def ask_for_approval(asked_at: datetime) -> None:
    """A candidate that passed every gate, and waits for a person since an instant."""
    champion = promotion_store.read_latest_promotion("flight_delay")
    assert champion is not None
    night = NIGHT - timedelta(days=1)
    decision_store.propose(
        decision_store.Proposal(
            model="flight_delay",
            night=night,
            training_key="key",
            version=3,
            algorithm="xgboost",
            feature_service="flight_delay_v1",
            artifact_uri="nowhere",
            artifact_sha256="0" * 64,
            effective_night=NIGHT + timedelta(days=1),
            follows_id=champion.promotion_id,
            asked="its calendar",
            reason="better in every gate",
            evidence={},
            actor="test",
            run_id="manual__a/b",
            mlflow_run_id="none",
        )
    )
    insert(
        Catalog.OUTPUTS,
        "INSERT INTO ledger.costs (job, model, night, run_id, is_success, wall_seconds, cpu_seconds, bytes_read, "
        "bytes_written, recorded_at) VALUES ('train_night', 'flight_delay', %s, 'test', true, 1, 1, 0, 0, %s)",
        (night, asked_at),
    )


def _release(night: date) -> None:
    """A release of the nights up to one, of nothing but the catalog's first snapshot."""
    with lease.hold(Catalog.WAREHOUSE, "test") as token:
        con = lake.connect()
        lake.attach(con, Catalog.WAREHOUSE, token=token)
        candidate = Candidate(
            first=date(2012, 12, 31),
            last=night,
            kind=ReleaseKind.HISTORY,
            snapshot_id=lake.head(con, Catalog.WAREHOUSE),
            token=token,
            holder="test",
            code_hash="",
            delivery_set_hash="",
        )
        con.close()
        release_store.publish(candidate, audit={}, git_sha="", parent=None, taken_in=[])


def _prediction(night: date, *, is_degraded: bool) -> dict[str, object]:
    flight = f"{night + timedelta(days=1)}_AA_1_JFK_LAX_0900"
    return {
        "prediction_id": f"flight_delay/live/{flight}",
        "flight_id": flight,
        "flight_date": night + timedelta(days=1),
        "carrier_id": "AA",
        "flight_number_id": "AA-1",
        "origin_id": "JFK",
        "destination_id": "LAX",
        "scheduled_departure_at": pd.Timestamp(night + timedelta(days=1, hours=13)),
        "probability": 0.25,
        "baseline_probability": 0.2,
        "rank": 1,
        "release_id": "none",
        "model_version": 1,
        "algorithm": "heuristic",
        "feature_service": "flight_delay_v1",
        "is_degraded": is_degraded,
        "degraded_reason": "no release of the night" if is_degraded else None,
    }
