"""Saved models: the same when untouched, refused before parsing when not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from redeye.models.algorithms import storage
from redeye.models.algorithms.storage import (
    ALGORITHMS,
    MANIFEST,
    ModelAltered,
    algorithm,
    load_model,
    save_model,
)


@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_a_saved_model_predicts_the_same(fitted, fresh, tmp_path: Path, name: str):
    model = fitted(name)
    sha256 = save_model(model, tmp_path / "model")
    assert np.array_equal(load_model(tmp_path / "model", sha256).predict(fresh), model.predict(fresh))


@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_a_flipped_bit_in_any_file_is_refused_before_it_is_parsed(
    fitted, tmp_path: Path, monkeypatch, name: str
):
    folder = tmp_path / "model"
    sha256 = save_model(fitted(name), folder)

    def parsed(*_: object) -> None:
        raise AssertionError("an altered file was parsed")

    monkeypatch.setattr(algorithm(name), "from_files", parsed)
    for path in sorted(folder.iterdir()):
        sound = path.read_bytes()
        path.write_bytes(sound[:-2] + bytes([sound[-2] ^ 1]) + sound[-1:])
        with pytest.raises(ModelAltered, match=path.name):
            load_model(folder, sha256)
        path.write_bytes(sound)


def test_a_manifest_made_anew_over_altered_files_is_refused(fitted, tmp_path: Path):
    folder = tmp_path / "model"
    sha256 = save_model(fitted("heuristic"), folder)
    content = json.loads((folder / "heuristic.json").read_bytes()) | {"prior": 0.99}
    (folder / "heuristic.json").write_text(json.dumps(content))
    files = {"heuristic.json": storage.hashlib.sha256((folder / "heuristic.json").read_bytes()).hexdigest()}
    (folder / MANIFEST).write_text(json.dumps({"format": 1, "algorithm": "heuristic", "files": files}))
    with pytest.raises(ModelAltered, match=MANIFEST):
        load_model(folder, sha256)


def test_a_missing_file_is_named(fitted, tmp_path: Path):
    sha256 = save_model(fitted("heuristic"), tmp_path / "model")
    (tmp_path / "model" / "heuristic.json").unlink()
    with pytest.raises(ModelAltered, match=r"heuristic\.json: not readable"):
        load_model(tmp_path / "model", sha256)


@pytest.mark.parametrize("name", ["../secrets.env", "/etc/passwd", "a/b", "..", ".hidden", "", MANIFEST])
def test_a_name_that_leads_out_of_the_folder_is_refused_whatever_its_hash(tmp_path: Path, name: str):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secrets.env").write_bytes(b"secret")
    files = {name: storage.hashlib.sha256(b"secret").hexdigest()}
    stated = json.dumps({"format": 1, "algorithm": "heuristic", "files": files}).encode()
    (folder / MANIFEST).write_bytes(stated)
    with pytest.raises(ModelAltered, match="is no file of this folder"):
        load_model(folder, storage.hashlib.sha256(stated).hexdigest())


def test_a_folder_is_written_once(fitted, tmp_path: Path):
    save_model(fitted("heuristic"), tmp_path / "model")
    with pytest.raises(FileExistsError):
        save_model(fitted("heuristic"), tmp_path / "model")


def test_nothing_that_is_saved_is_a_pickle(fitted, tmp_path: Path):
    for name in ALGORITHMS:
        save_model(fitted(name), tmp_path / name)
    assert {path.suffix for path in tmp_path.rglob("*.*")} == {".json", ".ubj", ".safetensors"}


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(ModelAltered, match="known are heuristic, logistic, xgboost, torch"):
        algorithm("pickle")
