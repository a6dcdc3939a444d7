from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from redeye.models.algorithms.storage import ModelAltered
from redeye.scoring.audit_file import pack


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def said(tmp_path: Path) -> dict[str, Any]:
    """The explanation of a prediction whose model and deliveries lie in a folder."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "trees.ubj").write_bytes(b"trees")
    manifest = json.dumps({"format": 1, "files": {"trees.ubj": sha(b"trees")}}).encode()
    (model / "model.json").write_bytes(manifest)
    delivery = tmp_path / "schedule.csv"
    delivery.write_bytes(b"a,b\n1,2\n")
    ref: dict[str, Any] = {
        "source": "s", "dataset": "schedule", "night": "2013-04-04", "content_hash": sha(b"a,b\n1,2\n")[:16],
        "path": str(delivery), "rows": 1,
    }  # fmt: skip
    return {
        "prediction": {"prediction_id": "m/live/f", "night": "2013-04-04", "probability": 0.5},
        "recomputed_probability": 0.5,
        "is_reproduced": True,
        "notes": ["<b>note</b>"],
        "altered_deliveries": [],
        "release": {"release_id": "2013-04-04.r1"},
        "earlier_releases": [],
        "deliveries": [ref, {**ref, "night": "2013-04-03", "path": "/nowhere"}],
        "schedule": ref,
        "promotion": {"artifact_uri": str(model), "artifact_sha256": sha(manifest), "evidence": {}},
        "inputs": [{"column": "x", "value": None, "effect": 0.1}],
    }


@pytest.fixture
def unpacked(said: dict[str, Any], tmp_path: Path) -> Path:
    """Its archive, unpacked."""
    packed = tmp_path / "export.zip"
    packed.write_bytes(pack(said))
    assert packed.read_bytes() == pack(said)
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    return folder


def check(folder: Path) -> tuple[int, str]:
    # -I: without this environment's paths, as on an auditor's machine.
    done = subprocess.run(
        [sys.executable, "-I", folder / "check.py"], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_an_archive_as_it_was_made_fits(unpacked: Path) -> None:
    status, said = check(unpacked)
    assert (status, said.splitlines()[0]) == (0, "Everything fits.")
    assert sha((unpacked / "MANIFEST.json").read_bytes()) in said
    assert "<b>note</b>" not in (unpacked / "explanation.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["explanation.json", "model/trees.ubj", "model/model.json", "explanation.html"]
)
def test_an_altered_file_is_named(unpacked: Path, name: str) -> None:
    with (unpacked / name).open("ab") as file:
        file.write(b" ")
    assert check(unpacked)[0] == 1
    assert f"{name} is missing or altered" in check(unpacked)[1]


def test_a_file_that_was_added_is_named(unpacked: Path) -> None:
    shutil.copy(unpacked / "explanation.json", unpacked / "model" / "more.json")
    assert "model/more.json is not in MANIFEST.json" in check(unpacked)[1]


def test_another_model_under_a_manifest_that_was_made_to_fit_is_found(unpacked: Path) -> None:
    (unpacked / "model" / "trees.ubj").write_bytes(b"others")
    sums = json.loads((unpacked / "MANIFEST.json").read_text(encoding="utf-8"))
    sums["model/trees.ubj"] = sha(b"others")
    (unpacked / "MANIFEST.json").write_text(json.dumps(sums), encoding="utf-8")
    assert "model/trees.ubj is not the file that was promoted" in check(unpacked)[1]


SECRET = b"POSTGRES_PASSWORD=hunter2"


def test_a_model_that_names_a_file_elsewhere_gives_no_archive(said: dict[str, Any], tmp_path: Path) -> None:
    """Whoever can write to the artifact store writes its manifest, too."""
    (tmp_path / "secrets.env").write_bytes(SECRET)
    manifest = json.dumps({"format": 1, "files": {"../secrets.env": sha(SECRET)}}).encode()
    (tmp_path / "model" / "model.json").write_bytes(manifest)
    with pytest.raises(ModelAltered, match="recorded is"):
        pack(said)
    said["promotion"]["artifact_sha256"] = sha(manifest)
    with pytest.raises(ModelAltered, match="is no file of this folder"):
        pack(said)


def test_a_delivery_that_is_a_link_to_another_file_is_left_out(said: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_bytes(SECRET)
    (tmp_path / "schedule.csv").unlink()
    (tmp_path / "schedule.csv").symlink_to(tmp_path / "secrets.env")
    with zipfile.ZipFile(io.BytesIO(pack(said))) as archive:
        assert not [name for name in archive.namelist() if SECRET in archive.read(name)]
        assert not [name for name in archive.namelist() if name.startswith("deliveries/")]
