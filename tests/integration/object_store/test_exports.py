"""Consumers' files in S3: whole or not there, written once."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as parquet
import pytest
from prediction_frames import make_predictions
from upath import UPath

from redeye.declarations.specs import load_spec
from redeye.foundation.errors import AlreadyDecided
from redeye.foundation.settings import SPECS, settings
from redeye.models.kinds.interface import find_kind
from redeye.scoring import export

pytestmark = pytest.mark.integration

NIGHT = date(2013, 4, 3)
MODEL = "flight_delay"


@pytest.fixture
def frame(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REDEYE_EXPORTS_URL", f"{bucket}/exports")
    settings.cache_clear()
    yield make_predictions(MODEL, NIGHT)
    settings.cache_clear()


def exported(frame: pd.DataFrame) -> UPath:
    return export.export(frame, find_kind(load_spec(SPECS / f"{MODEL}.yaml")), model=MODEL, night=NIGHT)


def names(folder: UPath) -> list[str]:
    return sorted(path.rpartition("/")[2] for path in folder.fs.find(folder.path))


def test_the_manifest_tells_what_the_objects_hold(frame):
    folder = exported(frame)
    assert str(folder).startswith("s3://")
    assert names(folder) == ["manifest.json", "predictions.csv", "predictions.parquet"]
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name, told in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["sha256"]
    rows = parquet.read_table(io.BytesIO((folder / "predictions.parquet").read_bytes()))
    assert rows.num_rows == manifest["rows"] == 5


def test_again_nothing_is_put_and_other_rows_are_refused(frame):
    folder = exported(frame)
    before = [folder.fs.info(path)["LastModified"] for path in folder.fs.find(folder.path)]
    assert exported(frame.sample(frac=1, random_state=1)) == folder
    with pytest.raises(AlreadyDecided, match="exported with other rows"):
        exported(frame.assign(probability=0.3))
    assert [folder.fs.info(path)["LastModified"] for path in folder.fs.find(folder.path)] == before


def test_a_crash_before_the_manifest_is_made_good(frame, monkeypatch):
    fill = export._fill

    def fill_but_the_manifest(folder: Path, *arguments: object) -> None:
        fill(folder, *arguments)
        (folder / export.MANIFEST).unlink()

    with monkeypatch.context() as patch:
        patch.setattr(export, "_fill", fill_but_the_manifest)
        with pytest.raises(FileNotFoundError):
            exported(frame)
    folder = settings().exports / MODEL / NIGHT.isoformat()
    assert names(folder) == ["predictions.csv", "predictions.parquet"]
    assert names(exported(frame)) == ["manifest.json", "predictions.csv", "predictions.parquet"]
