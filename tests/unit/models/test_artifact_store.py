"""The card of a version lies with the run that made its model, within the run of its training."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.foundation.settings import settings
from redeye.models.artifact_store import read_card

MODEL = "flight_delay/models/m-1/artifacts/artifacts/model"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of artifacts, with a model that run `child` made."""
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path))
    settings.cache_clear()
    root = settings().artifacts
    (root / MODEL).mkdir(parents=True)
    (root / MODEL).parents[1].joinpath("MLmodel").write_text(
        "flavors:\n  python_function: {}\nrun_id: 46e1\n", encoding="utf-8"
    )
    return root


def test_it_is_found_from_the_address_of_the_model(root: Path) -> None:
    card = root / "flight_delay" / "46e1" / "artifacts" / "card.md"
    card.parent.mkdir(parents=True)
    card.write_text("# a card", encoding="utf-8")
    assert read_card(MODEL) == "# a card"
    assert read_card(f"{settings().artifacts_root}/{MODEL}") == "# a card"


def test_where_it_is_gone_there_is_none(root: Path) -> None:
    assert read_card(MODEL) is None
    assert read_card("flight_delay/models/m-2/artifacts/artifacts/model") is None
