"""The files for consumers: real types, one order, written once."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from prediction_frames import KIND
from rich.console import Console

from redeye.declarations.calendar import ONE_DAY
from redeye.declarations.project import project
from redeye.foundation.errors import AlreadyDecided
from redeye.foundation.settings import settings
from redeye.scoring.export import _read_existing_hash, columns, export
from redeye.scoring.logic.predictions import Lineage, assemble
from redeye.stack.airflow.first_run import find_newest_night, plan_first_run, show_riskiest

MODEL = project().first_run.model
NIGHT = date(2013, 4, 3)
ROWS = 12


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture
def frame() -> pd.DataFrame:
    """Predictions as the outputs lake returns them: dates as midnights, instants without a zone."""
    flights = pd.DataFrame(
        {
            "flight_id": [f"2013-04-04_AA_{n}_JFK_LAX_0900" for n in range(ROWS)],
            "flight_date": pd.Timestamp("2013-04-04"),
            "carrier_id": "AA",
            "flight_number_id": [f"AA-{n}" for n in range(ROWS)],
            "origin_id": "JFK",
            "destination_id": "LAX",
            "scheduled_departure_at": pd.Timestamp("2013-04-04 13:05").as_unit("us"),
        }
    )
    lineage = Lineage(MODEL, NIGHT, "release-1", 3, "xgboost", "flight_delay_v1", "run-1")
    made = assemble(
        flights, np.linspace(0.1, 0.6, ROWS), np.full(ROWS, 0.2), lineage, project().subject, KIND
    )
    return made.assign(night=pd.Timestamp(NIGHT))


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


def test_parquet_has_real_types(frame):
    path = export(frame, KIND, model=MODEL, night=NIGHT) / "predictions.parquet"
    schema = parquet.read_schema(path)
    assert {field.name: str(field.type) for field in schema} == {
        name: kind for name, (kind, _) in columns(KIND).items()
    }
    assert schema.field("night").type == schema.field("flight_date").type == pa.date32()
    assert schema.field("created_at").type == pa.timestamp("us", "UTC")
    meanings = {field.name: field.metadata[b"description"].decode() for field in schema}
    assert meanings == {name: meaning for name, (_, meaning) in columns(KIND).items()}
    first = parquet.read_table(path).to_pylist()[0]
    assert (first["night"], first["rank"]) == (NIGHT, 1)
    assert first["scheduled_departure_at"].isoformat() == "2013-04-04T13:05:00+00:00"


@pytest.mark.parametrize(
    ("labels", "added"),
    [
        ({"shift_weeks": 689, "rehearsal": ""}, ["shift_weeks"]),
        ({"shift_weeks": 0, "rehearsal": "spring/leak"}, ["shift_weeks", "rehearsal"]),
    ],
)
def test_what_did_not_happen_is_labelled_and_the_label_is_described(frame, labels, added):
    folder = export(frame.assign(**labels), KIND, model=MODEL, night=NIGHT)
    rows = parquet.read_table(folder / "predictions.parquet")
    assert rows.column_names == [*columns(KIND), *added]
    assert rows.column(added[-1]).unique().to_pylist() == [labels[added[-1]]]
    assert list(manifest_of(folder)["columns"]) == rows.column_names


def test_csv_has_days_and_instants(frame):
    folder = export(frame, KIND, model=MODEL, night=NIGHT)
    rows = pd.read_csv(folder / "predictions.csv", dtype=str)
    assert set(rows["flight_date"]) == {"2013-04-04"}
    assert set(rows["night"]) == {"2013-04-03"}
    assert set(rows["scheduled_departure_at"]) == {"2013-04-04T13:05:00Z"}
    assert rows["created_at"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()


def test_the_manifest_tells_what_the_files_hold(frame):
    folder = export(frame, KIND, model=MODEL, night=NIGHT)
    manifest = manifest_of(folder)
    assert manifest["columns"]["flight_date"]["type"] == "date32[day]"
    assert manifest["columns"]["created_at"]["type"] == "timestamp[us, tz=UTC]"
    assert all(column["description"] for column in manifest["columns"].values())
    assert (manifest["rows"], manifest["coming_day"], manifest["is_degraded"]) == (ROWS, "2013-04-04", False)
    assert (manifest["release_id"], manifest["model_version"]) == (["release-1"], [3])
    assert manifest["is_complete"]
    assert set(manifest["files"]) == {"predictions.parquet", "predictions.csv"}
    for name, told in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["sha256"]


def test_the_same_rows_again_in_another_order_change_nothing(frame):
    folder = export(frame, KIND, model=MODEL, night=NIGHT)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    shuffled = frame.sample(frac=1, random_state=1).assign(night=NIGHT)
    assert export(shuffled[frame.columns[::-1]], KIND, model=MODEL, night=NIGHT) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_other_rows_are_refused(frame):
    folder = export(frame, KIND, model=MODEL, night=NIGHT)
    before = manifest_of(folder)
    with pytest.raises(AlreadyDecided, match="exported with other rows"):
        export(frame.assign(probability=0.3), KIND, model=MODEL, night=NIGHT)
    assert manifest_of(folder) == before


def test_a_folder_without_manifest_is_replaced(frame, home):
    left = home / "exports" / MODEL / NIGHT.isoformat()
    left.mkdir(parents=True)
    (left / "half.parquet").write_bytes(b"PAR1")
    folder = export(frame, KIND, model=MODEL, night=NIGHT)
    assert folder.resolve() == left.resolve()
    names = {path.name for path in folder.iterdir()}
    assert names == {"predictions.parquet", "predictions.csv", "manifest.json"}
    assert sorted(path.name for path in folder.parent.iterdir()) == [NIGHT.isoformat(), "latest.json"]


def test_the_newest_night_is_pointed_at_and_an_earlier_one_does_not_move_it(frame, home):
    def find_latest():
        return json.loads((home / "exports" / MODEL / "latest.json").read_text())

    def export_night(night):
        return export(frame.assign(night=pd.Timestamp(night)), KIND, model=MODEL, night=night)

    export_night(NIGHT)
    assert find_latest() == {"night": "2013-04-03", "manifest": "2013-04-03/manifest.json"}
    folder = export_night(NIGHT + ONE_DAY)
    assert (folder.parent / find_latest()["manifest"]).is_file()
    assert find_latest()["night"] == "2013-04-04"
    export_night(NIGHT - ONE_DAY)
    export_night(NIGHT)
    assert find_latest()["night"] == "2013-04-04"
    # Of exports that were made before there was a pointer.
    (folder.parent / "latest.json").unlink()
    export_night(NIGHT + ONE_DAY)
    assert find_latest()["night"] == "2013-04-04"


def test_files_of_an_older_schema_are_replaced(frame):
    folder = export(frame, KIND, model=MODEL, night=NIGHT)
    (folder / "manifest.json").write_text(json.dumps({"schema_version": 1, "content_sha256": "other"}))
    assert manifest_of(export(frame, KIND, model=MODEL, night=NIGHT))["schema_version"] == 4


def test_files_that_lack_a_column_of_their_kind_are_replaced_and_its_rows_have_none(frame):
    folder = export(frame, KIND, model=MODEL, night=NIGHT)
    assert _read_existing_hash(folder, manifest_of(folder)["columns"])
    assert _read_existing_hash(folder, [*manifest_of(folder)["columns"], "raw_lower"]) is None
    without = frame.drop(columns="raw_probability")
    assert export(without, KIND, model=MODEL, night=NIGHT + ONE_DAY).is_dir()


def test_the_riskiest_flights_are_shown_at_their_local_time(frame):
    assert find_newest_night(settings(), MODEL) is None
    export(frame, KIND, model=MODEL, night=NIGHT)
    assert find_newest_night(settings(), MODEL) == NIGHT
    console = Console(record=True, width=140)
    riskiest = frame.sort_values("probability")["prediction_id"].iloc[-1]
    assert show_riskiest(settings(), console, plan_first_run(), KIND, NIGHT) == riskiest
    shown = console.export_text()
    assert "AA-11" in shown
    assert "09:05" in shown
    assert "60.0%" in shown
