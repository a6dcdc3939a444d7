"""The heuristic's formula from the release alone, and from whatever of it can still be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from types import SimpleNamespace

import duckdb
import pandas as pd
import pytest

from redeye.declarations.calendar import cutoff
from redeye.declarations.spec_algorithms import HeuristicParams
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.errors import NotReleased
from redeye.foundation.settings import SPECS
from redeye.scoring import last_resort_model, outputs_store
from redeye.warehouse import lake

SPEC = load_spec(SPECS / "flight_delay.yaml")
NIGHT = date(2013, 4, 30)
RELEASE = SimpleNamespace(snapshot_id=1, release_id="2013-04-30.r1")
AT = cutoff(NIGHT).replace(tzinfo=None)
STRENGTH = SPEC.algorithms.heuristic.prior_strength


KEY = SPEC.algorithms.heuristic.successes.partition(":")[0].removesuffix("_delays") + "_id"
GROUPED = SPEC.model_copy(
    update={
        "algorithms": SPEC.algorithms.model_copy(
            update={"heuristic": HeuristicParams(groups=("carrier_id",), prior_strength=STRENGTH)}
        )
    }
)


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """40 labels, 10 of them true, besides one of a night too long ago and one that came too late; one key's past.

    Of the 10 with a known key, that of carrier AA, 5 are true.
    """
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'; ATTACH ':memory:' AS warehouse; CREATE SCHEMA warehouse.features")
    population, target = SPEC.population, SPEC.target
    schema = population.relation.partition(".")[0]
    con.execute(f"CREATE SCHEMA warehouse.{schema}")
    rows = [
        (NIGHT - timedelta(days=3), number < 5 or 10 <= number < 15, AT - timedelta(hours=1), number < 10)
        for number in range(40)
    ]
    rows += [
        (NIGHT - timedelta(days=40), True, AT, False),
        (NIGHT - timedelta(days=3), True, AT + timedelta(hours=1), False),
    ]
    frame = pd.DataFrame(rows, columns=[population.night, target.column, target.known_at, "is_known"])
    is_known = frame.pop("is_known")
    frame = frame.assign(**{population.key: range(len(frame)), population.entity_time: AT})
    plain = [part for part in SPEC.schedule_select().split(", ") if " AS " not in part]
    frame = frame.assign(**dict.fromkeys({*plain} - {*frame.columns}, 0.0))
    frame[KEY] = is_known.map({True: "known", False: "another"})
    frame["carrier_id"] = is_known.map({True: "AA", False: "UA"})
    con.execute(f"CREATE TABLE warehouse.{population.relation} AS FROM frame")
    view, _, successes = SPEC.algorithms.heuristic.successes.partition(":")
    trials = SPEC.algorithms.heuristic.trials.partition(":")[2]
    table = f"feat_{view.removesuffix('_delays')}__delays"
    con.execute(
        f"CREATE TABLE warehouse.features.{table} AS SELECT DATE '{NIGHT}' AS night, 'known' AS {KEY}, "
        f"6 AS {successes}, 10 AS {trials}, TIMESTAMP '{AT}' AS event_at, TIMESTAMP '{AT}' AS created_at"
    )
    monkeypatch.setattr(lake, "connect_at", lambda snapshot_id: con.cursor())
    yield con
    con.close()


def scored(spec: Spec = SPEC) -> tuple[list[float], list[str]]:
    rows = pd.DataFrame({KEY: ["known", "new"], "carrier_id": ["AA", "B6"], "event_timestamp": [AT, AT]})
    failures: list[str] = []
    model, frame = last_resort_model.fit_last_resort(spec, RELEASE, rows, NIGHT, failures)  # type: ignore[arg-type]
    return [*model.predict(frame)], failures


@pytest.mark.usefixtures("warehouse")
def test_the_formula_starts_from_the_rate_of_the_labels_that_are_known_by_then() -> None:
    found, failures = scored()
    prior = 11 / 42
    assert found == pytest.approx([(6 + STRENGTH * prior) / (10 + STRENGTH), prior])
    assert failures == []


@pytest.mark.usefixtures("warehouse")
def test_groups_have_the_rate_of_their_own_labels() -> None:
    found, failures = scored(GROUPED)
    prior = 11 / 42
    assert found == pytest.approx([(5 + STRENGTH * prior) / (10 + STRENGTH), prior])
    assert failures == []


def test_counts_of_another_outcome_are_not_served(warehouse: duckdb.DuckDBPyConnection) -> None:
    """As where a spec was copied with its counts: what is late six times in ten is never cancelled here."""
    target = SPEC.target.column
    warehouse.execute(f"UPDATE warehouse.{SPEC.population.relation} SET {target} = false")
    found, _ = scored()
    assert found == pytest.approx([1 / 42, 1 / 42])


def test_without_its_inputs_each_row_has_the_base_rate(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("DROP SCHEMA warehouse.features CASCADE")
    found, failures = scored()
    assert found == pytest.approx([11 / 42, 11 / 42])
    assert [each.partition(" (")[0] for each in failures] == ["reading its inputs failed"]


def test_without_labels_the_rate_is_that_of_what_was_predicted_before(
    warehouse: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.execute(f"DELETE FROM warehouse.{SPEC.population.relation}")
    before = pd.DataFrame({"baseline_probability": [0.1, 0.3]})
    monkeypatch.setattr(outputs_store, "read", lambda *_: before)
    found, failures = scored()
    assert found == pytest.approx([0.2, 0.2])
    assert failures[1].startswith("the base rate failed (NotReleased")
    monkeypatch.setattr(outputs_store, "read", lambda *_: before.head(0))
    with pytest.raises(NotReleased, match="nothing was predicted"):
        scored()
