"""An event without arrival audits has every delivery accepted, and the ledger's words say that none judged it."""

from __future__ import annotations

from flights.faulty_source import FaultySource
from redeye.foundation.settings import PROJECT_ROOT
from redeye.sources.configured_source import load_plan
from redeye.studies.rehearsals.rehearse_event import accept_unaudited

PLANS = PROJECT_ROOT / "ml" / "rehearsals"


def test_where_audits_are_switched_off_everything_is_accepted_and_says_so() -> None:
    found = accept_unaudited({"arrivals/weather": object()}, subject="weather 2013-04-01", data_docs=None)
    assert found["arrivals/weather"].is_success
    assert "audits switched off" in found["arrivals/weather"].subject


def test_audits_are_switched_off_in_a_plan_of_its_own_only() -> None:
    plans = {
        name: load_plan(PLANS / f"{name}.yaml", FaultySource.meanings) for name in ("events", "unaudited")
    }
    assert all(event.is_audited for event in plans["events"].events)
    assert not any(event.is_audited for event in plans["unaudited"].events)
    assert plans["events"].base == plans["unaudited"].base
