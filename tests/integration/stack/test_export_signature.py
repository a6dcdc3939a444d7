"""Whoever was given an export tells by the public key alone whether it is what the installation gave."""

from __future__ import annotations

import json
import random
import shutil
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prediction_frames import KIND, make_predictions
from typer.testing import CliRunner

from redeye.cli import app
from redeye.foundation.errors import SignatureError
from redeye.foundation.settings import settings
from redeye.foundation.signing import signed_files
from redeye.foundation.signing.public_keys import find_public_path, read_public_keys
from redeye.foundation.signing.signing_keys import find_key_path, make_public
from redeye.scoring.export import export
from redeye.scoring.export_signature import MANIFEST, SIGNATURE, verify_export

pytestmark = pytest.mark.integration
MODEL = "flight_delay"


@pytest.fixture(scope="module")
def exported(stack_env: object) -> Path:
    night = date(2013, 4, 3)
    return Path(str(export(make_predictions(MODEL, night), KIND, model=MODEL, night=night)))


def test_an_export_is_verified_by_the_public_key_alone(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, key = tmp_path / "given", tmp_path / "redeye.pub"
    shutil.copytree(exported, given)
    shutil.copy(find_public_path(settings()), key)
    assert verify_export(given, read_public_keys(key))["rows"] == 5
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path / "none"))
    settings.cache_clear()
    ran = CliRunner().invoke(app, ["verify-export", str(given), "--key", str(key)])
    monkeypatch.undo()
    settings.cache_clear()
    assert ran.exit_code == 0, ran.output
    assert "5 predictions of flight_delay" in ran.output


def test_each_of_a_thousand_single_changes_is_found(exported: Path, tmp_path: Path) -> None:
    keys, draw = read_public_keys(find_public_path(settings())), random.Random(20130403)
    folder = tmp_path / "given"
    shutil.copytree(exported, folder)
    paths = sorted(folder.iterdir())
    for _ in range(1000):
        path = draw.choice(paths)
        was = path.read_bytes()
        now = bytearray(was)
        at = draw.randrange(len(now))
        match draw.choice(("change", "cut", "put", "swap", "delete")):
            case "change":
                now[at] ^= 1 << draw.randrange(8)
            case "cut":
                del now[at:]
            case "put":
                now.insert(at, draw.choice(b" \n0a\xff"))
            case "swap":
                now[:] = draw.choice(paths).read_bytes()
            case "delete":
                now = bytearray()
        if now == was:
            continue
        path.write_bytes(now)
        with pytest.raises(SignatureError):
            verify_export(folder, keys)
        path.write_bytes(was)
    verify_export(folder, keys)


def test_a_file_too_many_another_night_and_another_key_are_named(exported: Path, tmp_path: Path) -> None:
    keys = read_public_keys(find_public_path(settings()))
    folder = tmp_path / "given"
    shutil.copytree(exported, folder)
    (folder / "more.csv").write_text("x")
    with pytest.raises(SignatureError, match=r"does not name: more\.csv"):
        verify_export(folder, keys)
    (folder / "more.csv").unlink()
    stranger = make_public(Ed25519PrivateKey.generate())
    with pytest.raises(SignatureError, match="none of"):
        verify_export(folder, {stranger.key_id: stranger})
    other = date(2013, 4, 4)
    later = Path(str(export(make_predictions(MODEL, other), KIND, model=MODEL, night=other)))
    shutil.copy(later / SIGNATURE, folder / SIGNATURE)
    with pytest.raises(SignatureError, match="not what was signed"):
        verify_export(folder, keys)
    (folder / SIGNATURE).unlink()
    with pytest.raises(SignatureError, match="cannot be read"):
        verify_export(folder, keys)


def test_what_nobody_could_sign_goes_out_and_is_signed_by_the_next_export(
    stack_env: object, caplog: pytest.LogCaptureFixture
) -> None:
    night, key = date(2013, 4, 5), find_key_path(settings())
    hidden = key.with_name("hidden")
    key.rename(hidden)
    folder = Path(str(export(make_predictions(MODEL, night), KIND, model=MODEL, night=night)))
    hidden.rename(key)
    assert not (folder / SIGNATURE).exists()
    assert "is not signed" in caplog.text

    standing = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(json.dumps(json.loads(standing) | {"release_id": ["another"]}))
    export(make_predictions(MODEL, night), KIND, model=MODEL, night=night)
    assert not (folder / SIGNATURE).exists()

    (folder / MANIFEST).write_text(standing)
    export(make_predictions(MODEL, night), KIND, model=MODEL, night=night)
    verify_export(folder, read_public_keys(find_public_path(settings())))


def test_a_file_that_never_ends_is_not_read_whole(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "given"
    shutil.copytree(exported, folder)
    monkeypatch.setattr(signed_files, "MAXIMUM_BYTES", 10)
    with pytest.raises(SignatureError, match="longer than 10 bytes"):
        verify_export(folder, read_public_keys(find_public_path(settings())))
