"""The hash by which trainings are keyed: of all that decides, of nothing else, and through a move."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from redeye.foundation.errors import RedeyeError
from redeye.models import training_code
from redeye.models.training_code import MODELS, Standing


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of the code that decides."""
    (tmp_path / "logic").mkdir()
    for folder in ("algorithms", "kinds"):
        shutil.copytree(MODELS / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in training_code.DECIDING:
        shutil.copy(MODELS / "logic" / name, tmp_path / "logic")
    return tmp_path


@pytest.mark.parametrize("name", ["algorithms/heuristic.py", "kinds/binary.py", "logic/splits.py"])
def test_an_edit_of_what_decides_is_another_code(models: Path, name: str) -> None:
    assert training_code.digest_training_code(models) == training_code.digest_training_code(MODELS)
    (models / name).write_text((models / name).read_text() + "\n")
    assert training_code.digest_training_code(models) != training_code.digest_training_code(MODELS)


def test_a_folder_without_algorithms_has_no_hash(models: Path) -> None:
    shutil.rmtree(models / "algorithms")
    with pytest.raises(RedeyeError, match="holds no algorithms"):
        training_code.digest_training_code(models)


def test_code_that_fits_the_same_models_stands_for_the_code_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = training_code.digest_training_code(MODELS)
    monkeypatch.setitem(training_code.STANDINGS, training_code.TRAINING, Standing(now, "before"))
    assert training_code.hash_training_code() == "before"
    monkeypatch.setitem(training_code.STANDINGS, training_code.TRAINING, Standing("another", "before"))
    assert training_code.hash_training_code() == now


def test_a_study_has_another_hash_with_another_plan_or_other_training_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = [tmp_path / "one.py", tmp_path / "two.py"]
    for plan in plans:
        plan.write_text(plan.name)
    hashes = {training_code.hash_study_code("evidence", plan) for plan in plans}
    monkeypatch.setattr(training_code, "hash_training_code", lambda: "other")
    hashes |= {training_code.hash_study_code("evidence", plan) for plan in plans}
    assert len(hashes) == 4
