"""A project that is not flights: its key, columns and words arrive at each seam, not those of the built-in one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import delay_minutes
import duckdb
import made_classes
import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest
from made_tickets import DAY, MODEL, NIGHT, open_outputs, predictions, run_helpdesk, tickets
from prediction_frames import KIND
from rich.console import Console

from redeye.declarations import project as declaration
from redeye.declarations.project import Project, project
from redeye.declarations.specs import Population, Spec, Target, load_spec
from redeye.foundation.settings import PROJECT_ROOT, SPECS, settings
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.prediction_equality import Equality
from redeye.monitoring.logic.label_form import LabelForm, changes
from redeye.operations import measure_slices
from redeye.scoring import coming_rows, export, find_restated, outputs_store
from redeye.scoring.logic.predictions import LINEAGE, Lineage, assemble, derive_predictions, differences
from redeye.scoring.logic.restatements import Change, Restatement
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.stack.airflow.first_run import show_riskiest

EXACT = Equality(0.0, "exact: here")
OF_FLIGHTS = {"flight_id", "flight_date", "carrier_id", "origin_id", "scheduled_departure_at"}


@pytest.fixture(autouse=True)
def helpdesk(tmp_path: Path) -> Iterator[Project]:
    with run_helpdesk(tmp_path) as declared:
        yield declared


@pytest.fixture
def spec() -> Spec:
    population = Population(
        relation="marts.fct_tickets", key="ticket_id", entity_time="entity_at", night="night"
    )
    changed = {
        "model": MODEL,
        "population": population,
        "schedule": "staging.stg_desk__open",
        "target": Target(column="is_escalated", kind="binary", known_at="closed_at"),
        "entity_keys": ("queue_id",),
        "schedule_columns": (),
    }
    return load_spec(SPECS / "flight_delay.yaml").model_copy(update=changed)


@pytest.fixture
def outputs() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_outputs() as con:
        yield con


def test_rows_carry_its_key_its_columns_and_its_clock() -> None:
    rows = predictions()
    assert list(rows.columns[:10]) == ["prediction_id", "model", "lane", "night", *project().subject.columns]
    assert list(rows["prediction_id"]) == [f"{MODEL}/live/T-00{n}" for n in ("17", "01", "02")]
    assert set(rows["created_at"]) == {pd.Timestamp("2026-02-02 05:00")}
    assert not OF_FLIGHTS & set(rows.columns)


def test_another_scoring_is_compared_by_its_key_in_its_words() -> None:
    rows = predictions()
    assert differences(rows, rows, project().subject, KIND, EXACT) == []
    assert "1 tickets more" in differences(rows.head(2), rows, project().subject, KIND, EXACT)[0]


def test_predictions_are_checked_by_its_day() -> None:
    frame = predictions().assign(
        scheduled_rows=3, night=pd.Timestamp(NIGHT), **dict.fromkeys(LINEAGE, "same")
    )
    checked = derive_predictions(frame, project().subject, KIND)
    assert set(checked["days_ahead"]) == {1}
    assert set(checked["rows_missing"]) == {0}


def test_the_outputs_hold_its_columns_with_their_types(outputs: duckdb.DuckDBPyConnection) -> None:
    found = outputs.execute("DESCRIBE outputs.main.predictions").fetchall()
    types = {name: kind for name, kind, *_ in found}
    own = {name: types[name] for name in project().subject.columns}
    assert list(own.values()) == ["VARCHAR", "VARCHAR", "VARCHAR", "DATE", "TIMESTAMP", "BIGINT"]
    assert not OF_FLIGHTS & set(types)


def test_a_prediction_is_found_by_its_columns_and_its_key(outputs: duckdb.DuckDBPyConnection) -> None:
    reader = OutputsReader()
    reader._con = outputs
    found = reader.find_predictions(MODEL, NIGHT, NIGHT, {"queue": "billing", "opened_by": "luis"})
    assert [row["ticket_id"] for row in found] == ["T-0001"]
    assert [row["ticket_id"] for row in reader.find_predictions(MODEL, NIGHT, NIGHT, {})] == [
        "T-0002",
        "T-0001",
        "T-0017",
    ]
    assert (reader.prediction(MODEL, "T-0017") or {})["opened_by"] == "ana"
    with pytest.raises(KeyError, match="no columns of a ticket"):
        reader.find_predictions(MODEL, NIGHT, NIGHT, {"carrier_id": "AA"})


def test_predictions_are_searched_by_a_part_of_their_text_sorted_and_paged(
    outputs: duckdb.DuckDBPyConnection,
) -> None:
    reader = OutputsReader()
    reader._con = outputs
    found = reader.find_predictions(MODEL, NIGHT, NIGHT, {}, sort="-probability")
    chances = [row["probability"] for row in found]
    assert chances == sorted(chances, reverse=True)
    paged = [
        row["ticket_id"]
        for page in (1, 2)
        for row in reader.find_predictions(MODEL, NIGHT, NIGHT, {}, sort="-probability", page=page, limit=2)
    ]
    assert paged == [row["ticket_id"] for row in found]
    assert {row["found"] for row in found} == {3}
    part = reader.find_predictions(MODEL, NIGHT, NIGHT, {}, text="UI")
    assert {row["opened_by"] for row in part} == {"luis"}
    assert reader.find_predictions(MODEL, NIGHT, NIGHT, {}, text="%") == []
    with pytest.raises(KeyError, match="no columns of a ticket"):
        reader.find_predictions(MODEL, NIGHT, NIGHT, {}, sort="1; DROP TABLE predictions")


def test_what_is_explained_is_read_by_its_id(outputs: duckdb.DuckDBPyConnection) -> None:
    span = (date.min, date.max)
    rows = outputs_store._read(
        outputs, "predictions", MODEL, *span, "live", prediction_id=f"{MODEL}/live/T-0017"
    )
    assert list(rows["opened_by"]) == ["ana"]
    assert list(rows["night"].dt.date) == [NIGHT]


def test_the_files_for_consumers_describe_its_columns() -> None:
    folder = export.export(predictions(), KIND, model=MODEL, night=NIGHT)
    table = parquet.read_table(folder / "predictions.parquet")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert list(manifest["columns"]) == table.column_names == list(export.columns(KIND))
    assert table.column_names[4:10] == list(project().subject.columns)
    assert str(table.schema.field("opened_at").type) == "timestamp[us, tz=UTC]"
    assert str(table.schema.field("urgency").type) == "int64"
    assert manifest["columns"]["queue"]["description"] == "Where it waits."
    assert manifest["columns"]["rank"]["description"] == "1 is the riskiest ticket of the night."
    assert manifest["coming_day"] == DAY.isoformat()


def show_first_run(rows: pd.DataFrame, kind: Kind) -> str:
    export.export(rows, kind, model=MODEL, night=NIGHT)
    console, plan = Console(record=True, width=140), project().first_run
    assert plan is not None
    show_riskiest(settings(), console, plan, kind, NIGHT)
    return console.export_text()


def test_the_first_run_shows_its_columns_at_its_zone_in_its_words() -> None:
    shown = show_first_run(predictions(), KIND)
    assert f"The 3 tickets of {DAY} most likely to be escalated" in shown
    assert all(word in shown for word in ("waits in", "opened_by", "opened", "network", "17:00", "90.0%"))
    assert "urgency" not in shown


def assemble_kind(kind: Kind, values: list[list[float]]) -> pd.DataFrame:
    lineage = Lineage(MODEL, NIGHT, "2026-02-01.r1", 2, "xgboost", f"{MODEL}_v1", "run")
    return assemble(tickets(), np.array(values), np.array(values), lineage, project().subject, kind)


def test_the_first_run_shows_what_is_said_of_its_rows_whatever_the_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declaration, "PROJECT_FILE", PROJECT_ROOT / "redeye.yaml")
    numbers, classes = (find_kind(module.make_spec(tmp_path)) for module in (delay_minutes, made_classes))
    monkeypatch.setattr(declaration, "PROJECT_FILE", tmp_path / "redeye.yaml")
    shown = show_first_run(
        assemble_kind(numbers, [[7.0, 2.0, 12.0], [8.0, 1.0, 99.0], [9.0, 3.0, 11.0]]), numbers
    )
    assert f"The 3 tickets of {DAY} with the highest arrival_delay_minutes" in shown
    assert all(word in shown for word in ("value", "lower", "upper", "99.0"))
    assert "%" not in shown
    shares = [[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.2, 0.3, 0.3, 0.2]]
    shown = show_first_run(assemble_kind(classes, shares), classes)
    assert f"The 3 tickets of {DAY} most likely cancelled" in shown
    assert all(word in shown for word in ("predicted_class", "very late", "70.0%"))


def test_the_schedule_gives_its_columns(spec: Spec) -> None:
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS warehouse")
    con.execute("CREATE SCHEMA warehouse.staging")
    con.register("open", tickets().assign(night=NIGHT, entity_at=pd.Timestamp(NIGHT), queue_id="q"))
    con.execute(f"CREATE TABLE warehouse.{spec.schedule} AS FROM open")
    rows = coming_rows.read_released(con, spec, NIGHT)
    con.close()
    assert list(rows["ticket_id"]) == ["T-0001", "T-0002", "T-0017"]
    assert set(rows.columns) == {"night", "event_timestamp", "queue_id", *project().subject.columns}


def test_slices_are_cut_by_its_columns() -> None:
    rows = predictions()
    parts = [list(measure_slices.cut_values(rows, each, NIGHT)) for each in project().slices]
    assert parts == [["network", "billing", "billing"], ["17", "10", "10"]]


def test_restated_rows_are_those_of_its_key_and_its_columns() -> None:
    ref = DeliveryRef("desk", "assignments", NIGHT, "a", Path("a"), 1, False, NIGHT)
    rules = project().restatements
    change = Change({"number": "17", "desk": "billing"}, {"queue": ("a", "b")})
    restated = Restatement(ref, ref, NIGHT, NIGHT, "r1", "r2", (change,), rules.shared, is_of_one_night=False)
    rows = predictions()
    assert list(find_restated._own_outcome(restated, rows)) == [True, False, False]
    assert list(restated.behind(rows)) == [False, True, True]
    assert find_restated.columns(project().subject)[-3:] == ["tickets", "tickets_behind", "labels_changed"]


def test_sentences_use_its_words(spec: Spec) -> None:
    then, now = LabelForm("BOOLEAN", ("false", "true"), 100, 0.0), LabelForm("BOOLEAN", (), 100, 1.0)
    assert changes(now, then, project().subject) == ("label schema: no ticket has a label",)
    assert spec.target.positive == "escalated"
