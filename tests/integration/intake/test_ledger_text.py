"""What goes into a ledger is stored whatever it quotes."""

from __future__ import annotations

from datetime import date

import pytest

from redeye.audits.logic.audit_result import AuditFailure, AuditResult
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import read_rows
from redeye.foundation.settings import settings
from redeye.sources import delivery_store
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration

NIGHT = date(1999, 4, 4)
ODD = "N14\x00228 \x1b[31m \ud800 \x85"
SHOWN = r"N14\x00228 \x1b[31m \ud800 \x85"


def test_a_gap_keeps_a_reason_that_quotes_control_characters(stack_env: object) -> None:
    delivery_store.record_gap(NIGHT, reason=f"one\nline: {ODD}", recorded_by="test")
    assert release_store.gap_reason(NIGHT) == f"one\nline: {SHOWN}"


def test_a_refusal_keeps_the_rows_that_it_quotes(stack_env: object) -> None:
    ref = DeliveryRef("test", "odd", NIGHT, "ab" * 8, settings().landing / "odd.csv", 1, False, NIGHT, 0)
    failure = AuditFailure("arrivals/odd", "types", "tailnum", "1 of 1", ({"tailnum": ODD},), ODD)
    result = AuditResult("arrivals/odd", "odd", False, (failure,))
    delivery_store.record_deliveries([ref], is_accepted=False, audits={"odd": result})
    [(kept,)] = read_rows(
        Catalog.WAREHOUSE, "SELECT audit FROM ledger.deliveries WHERE (source, dataset) = ('test', 'odd')"
    )
    assert kept["failures"][0]["examples"] == [{"tailnum": SHOWN}]
    assert kept["failures"][0]["because"] == SHOWN
