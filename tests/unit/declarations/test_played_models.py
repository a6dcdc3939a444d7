"""Which models an installation plays, by the setting and by the project."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from redeye.declarations.played_models import find_first_model, load_played_specs
from redeye.declarations.project import project
from redeye.declarations.specs import load_valid_specs
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS, settings

DECLARED = load_valid_specs(SPECS)
OTHER = "flight_missed"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models' specs and one that cannot be read."""
    shutil.copy(SPECS / "flight_delay.yaml", tmp_path)
    text = (SPECS / "flight_delay.yaml").read_text(encoding="utf-8")
    (tmp_path / f"{OTHER}.yaml").write_text(text.replace("model: flight_delay", f"model: {OTHER}"))
    (tmp_path / "flight_torn.yaml").write_text("model: [")
    return tmp_path


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, folder: Path):
    def load(models: str) -> list[str]:
        monkeypatch.setenv("REDEYE_MODELS", models)
        settings.cache_clear()
        return list(load_played_specs(folder))

    yield load
    settings.cache_clear()


@pytest.mark.parametrize(
    ("models", "played"),
    [
        ("", ["flight_delay", OTHER]),
        (" , ", ["flight_delay", OTHER]),
        (OTHER, [OTHER]),
        (f"{OTHER}, flight_delay", ["flight_delay", OTHER]),
        (f"flight_torn,{OTHER}", [OTHER]),
    ],
)
def test_those_that_are_named_are_played_and_without_a_name_all(play, models: str, played: list[str]):
    assert play(models) == played


def test_a_name_without_a_spec_is_refused_with_what_is_likely_meant(play):
    with pytest.raises(ConfigError, match=r"REDEYE_MODELS: 'flight_dely' has no spec.*mean 'flight_delay'\?"):
        play("flight_delay,flight_dely")


def test_the_first_runs_model_is_meant_wherever_it_is_played():
    declared = project().first_run
    assert declared is not None
    assert find_first_model(DECLARED) == declared.model
    earlier = {"a_model": DECLARED[declared.model]}
    assert find_first_model({**earlier, **DECLARED}) == declared.model
    assert find_first_model(earlier) == "a_model"
    assert find_first_model({}) is None
