"""How many connections the tasks of a night open: each is a handshake, and a DuckDB takes a quarter of a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import duckdb
import psycopg2
import pytest

from redeye.champions import promotion_store
from redeye.features.materialize import materialize_night
from redeye.foundation.cost_store import record_cost
from redeye.foundation.task_session import task_session
from redeye.monitoring.measure_drift import report_night
from redeye.monitoring.monitor import monitor_night
from redeye.operations import build_nights
from redeye.promotion.decide import decide_night
from redeye.scoring import score
from redeye.sources import ingest
from redeye.warehouse import build

pytestmark = pytest.mark.integration

# At most, by task: to Postgres one for each ledger (what a task took is recorded in the outputs' own) and those
# of Feast's registry; and DuckDBs: one that reads, one for each lake that is written under a lease, dbt's own.
ALLOWED = {
    "ingest": (2, 3),
    "transform": (2, 3),
    "publish": (2, 1),
    "materialize": (4, 1),
    "score": (3, 2),
    "export": (1, 1),
    "monitor": (3, 2),
    "decide": (1, 1),
    "report": (2, 1),
}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts, by module, the connections that are opened; they are."""
    counts: Counter[str] = Counter()

    def count(module: Any) -> Callable[..., Any]:
        connect = module.connect

        def counting(*given: Any, **named: Any) -> Any:
            counts[module.__name__] += 1
            return connect(*given, **named)

        return counting

    for module in (psycopg2, duckdb):
        monkeypatch.setattr(module, "connect", count(module))
    return counts


def test_a_night_opens_no_more_connections_than_stated(nights: Any, opened: Counter[str]) -> None:
    # What is made once for a champion is found by every later night: its first one is the last that is not counted.
    first = promotion_store.read_promotions(nights.model)[-1].effective_night
    nights.build(nights.next, last=first)
    nights.score(first)
    monitor_night(nights.model, first, "test")
    decide_night(nights.model, first, "test")

    night, candidate = nights.next, {}
    who = f"test {night}"
    tasks: dict[str, Callable[[], object]] = {
        "ingest": lambda: ingest.ingest_nights(night, night),
        "transform": lambda: candidate.update(build_nights.transform(night, night, holder=who)),
        "publish": lambda: build.publish(candidate),
        "materialize": lambda: materialize_night(night),
        "score": lambda: score.score_night(nights.model, night, run_id=who),
        "export": lambda: score.export_night(nights.model, night),
        "monitor": lambda: monitor_night(nights.model, night, who),
        "decide": lambda: decide_night(nights.model, night, who),
        "report": lambda: report_night(nights.model, night),
    }
    found = {}
    for name, task in tasks.items():
        opened.clear()
        with task_session(), record_cost(name, night, model=None, run_id=who):
            task()
        found[name] = (opened["psycopg2"], opened["duckdb"])
    more = {
        name: counted
        for name, counted in found.items()
        if any(have > allowed for have, allowed in zip(counted, ALLOWED[name], strict=True))
    }
    assert not more, f"more connections (Postgres, DuckDB) than {ALLOWED}: {more}"
