"""The measurements measure something: each figure's parts on inputs of a few rows. No time is asserted."""

from __future__ import annotations

import json
import sys
from datetime import date
from io import StringIO
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))

import api
import dbt_night
import history
import network
import one_night
import scheduler
import scoring
from figures import Cost, Figure, measured, median, show, write

NIGHT = date(2013, 1, 2)


@pytest.fixture
def model():
    from redeye.declarations.specs import load_spec
    from redeye.foundation.settings import PROJECT_ROOT
    from redeye.models.algorithms.base import Examples, Inputs, Training
    from redeye.models.algorithms.xgboost import XGBoostModel

    rows = np.random.default_rng(1).normal(size=(80, 2))
    frame = pd.DataFrame(rows, columns=["a", "b"]).assign(kind=["x", "y"] * 40)
    examples = Examples(frame, (frame["a"] > 0).astype(float).to_numpy())
    inputs = Inputs(numeric=("a", "b"), categorical=("kind",))
    spec = load_spec(PROJECT_ROOT / "ml" / "specs" / "flight_delay.yaml")
    params = spec.algorithms.xgboost.model_copy(update={"rounds": 3, "early_stopping_rounds": 2})
    return XGBoostModel.fit(Training(examples, examples, inputs, seed=1, threads=1), params), frame


def test_scoring_compares_equal_predictions_over_every_batch_size(model) -> None:
    found = scoring.compare(*model, "a few", rows=20, seconds=0.0)
    assert found["is_equal"]
    assert found["batch_rows"] == 20
    line = scoring.figures([found])[0]
    assert line.ratio == pytest.approx(line.ours / line.plain)


def test_the_plain_network_learns_what_ours_learns(model) -> None:
    from redeye.declarations.specs import load_spec
    from redeye.foundation.settings import SPECS
    from redeye.models.algorithms.base import Examples, Inputs, Training
    from redeye.models.algorithms.torch_network import TorchModel

    frame = model[1]
    examples = Examples(frame, (frame["a"] > 0).astype(float).to_numpy())
    training = Training(examples, examples, Inputs(("a", "b"), ("kind",)), seed=1, threads=1)
    changed = {"batch_rows": 20, "learning_rate": 0.02, "column_dropout": 0.1, "hidden": 16}
    params = load_spec(SPECS / "flight_delay.yaml").algorithms.torch.model_copy(update=changed)
    plain = network.PlainNetwork(training, params, 1)
    plain.fit(30)
    losses = [
        network.log_loss(examples.labels, each.predict(frame))
        for each in (TorchModel.fit(training, params), plain)
    ]
    assert max(losses) < 0.4


def test_script_replaces_the_night_and_what_the_model_rewrites() -> None:
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS warehouse; CREATE SCHEMA warehouse.marts; CREATE SCHEMA warehouse.raw")
    con.execute("CREATE TABLE warehouse.raw.t AS SELECT DATE '2013-01-02' AS night, 7 AS n")
    con.execute(
        "CREATE TABLE warehouse.marts.m AS FROM "
        "(VALUES (1, DATE '2012-12-31'), (2, DATE '2013-01-01'), (3, DATE '2013-01-02')) AS v(n, night)"
    )
    made = "SELECT night - back AS night, n FROM warehouse.raw.t, (VALUES (0), (1)) AS v(back)"
    statements = [
        dbt_night.Statement("warehouse.marts.v", is_view=True, sql="SELECT 1 AS one"),
        dbt_night.Statement("warehouse.marts.m", is_view=False, sql=made),
    ]
    for _ in range(2):
        dbt_night.run_script(con, statements, NIGHT)
    assert con.execute("SELECT n FROM warehouse.marts.m ORDER BY night").fetchall() == [(1,), (7,), (7,)]


def test_shifted_rows_lie_so_many_days_earlier_and_keep_the_rest() -> None:
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE t AS SELECT DATE '2013-01-08' AS night, TIMESTAMP '2013-01-09 08:00' AS known_at, "
        "'2013-01-09_AA_1_JFK_LAX_0900' AS flight_id, 'AA' AS carrier_id, 5 AS flights"
    )
    row = con.execute(f"SELECT {history.shifted(con, 't', 7)} FROM t").fetchone()
    assert row is not None
    assert row[0] == date(2013, 1, 1)
    assert row[1].isoformat() == "2013-01-02T08:00:00"
    assert row[2:] == ("2013-01-02_AA_1_JFK_LAX_0900", "AA", 5)


def test_task_of_tells_waiting_start_up_job_and_end_apart() -> None:
    instance = {
        "dag_id": "build_warehouse",
        "task_id": "transform",
        "state": "success",
        "queued_when": "2026-01-01T00:00:00Z",
        "start_date": "2026-01-01T00:00:01Z",
        "end_date": "2026-01-01T00:00:20Z",
    }
    log = [
        "a line of text",
        {"timestamp": "2026-01-01T00:00:02Z", "event": "m:f for night 2013-04-03", "logger": "other"},
        {
            "timestamp": "2026-01-01T00:00:04Z",
            "event": "m:f for night 2013-04-03",
            "logger": scheduler.OPERATOR,
        },
        {
            "timestamp": "2026-01-01T00:00:19Z",
            "event": "night 2013-04-03: done",
            "logger": scheduler.OPERATOR,
        },
    ]
    task = scheduler.task_of(instance, log)
    assert task is not None
    assert (task.waited, task.startup, task.job, task.ending) == (1, 3, 15, 1)
    assert task.total == 20
    assert scheduler.task_of(instance, log[:2]) is None


def test_costs_of_adds_steps_and_takes_the_median_of_runs() -> None:
    def run(seconds: float) -> dict:
        cost = {"seconds": seconds, "cpu_seconds": 1.0, "postgres_cpu_seconds": 0.5}
        return {"steps": {"transform": cost, "publish": cost}, "imports": {}}

    found = one_night.costs_of([run(1), run(2), run(9)], one_night.BUILD)
    assert found == Cost(seconds=4, cpu_seconds=2, postgres_cpu_seconds=1)


def test_measured_and_median_hold_what_a_block_used() -> None:
    with measured() as cost:
        sum(range(10_000))
    assert cost.seconds > 0
    assert median([cost]) == cost


def test_table_and_json_hold_every_figure(tmp_path: Path) -> None:
    lines = [Figure("one", "s", 1.0, 2.0, 0.5, "at most 1x", is_met=True), scheduler.skipped("no stack")]
    out = StringIO()
    show(lines, Console(file=out, width=150))
    assert "not measured: no stack" in out.getvalue()
    path = write(lines, tmp_path, {"repeat": 1})
    kept = json.loads(path.read_text())
    assert [each["name"] for each in kept["figures"]] == ["one", scheduler.NAME]


def test_requests_to_a_bare_handler_get_all_of_its_bytes(tmp_path):
    requests = api.choose_requests(20)
    asked = list(dict.fromkeys(each for scenario in requests.values() for each in scenario))
    bodies = {
        each.target: (each.accept, f"{number:0{100 + number}}\xff") for number, each in enumerate(asked)
    }
    (tmp_path / "bodies.json").write_text(json.dumps(bodies), encoding="utf-8")
    with api.serving(str(Path(api.__file__).with_name("bare_api.py")), str(tmp_path / "bodies.json")) as port:
        found = api.measure_both({"bare": port}, "any", [asked, asked], 0.1)["bare"]
    assert {each.accept for each in asked} == set(api.FILTERED.values())
    assert found["requests"] == 2 * len(asked) == 2 * len(bodies)
    assert found["bytes"] == 2 * sum(len(body) for _, body in bodies.values())
    assert 0 < found["p50"] <= found["p99"] <= found["worst"]


def test_the_api_is_held_to_twice_a_bare_handler():
    made = {"p50": 1.0, "p99": 3.0}, {"p50": 0.5, "p99": 2.0}, {"p50": 0.5, "p99": 1.0}
    lines = api.figures(
        {name: {"ours": made[0], "plain": made[1 + (name == "by key")]} for name in api.SCENARIOS}
    )
    assert [(line.ratio, line.is_met) for line in lines if "by key" in line.name] == [(3.0, False)]
    assert {(line.ratio, line.is_met) for line in lines if "by key" not in line.name} == {(1.5, True)}
