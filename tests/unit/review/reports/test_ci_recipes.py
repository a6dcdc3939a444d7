"""The CI files that the guide offers say what the commands take, and are YAML that a forge reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from redeye.foundation.settings import PROJECT_ROOT

RECIPES = sorted((PROJECT_ROOT / "docs" / "guides" / "ci").glob("*.yml"))


def list_texts(found: Any) -> list[str]:
    if isinstance(found, dict):
        return [text for each in found.values() for text in list_texts(each)]
    if isinstance(found, list):
        return [text for each in found for text in list_texts(each)]
    return [str(found)]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_compares_with_the_base_and_writes_the_comment(path: Path) -> None:
    recipe = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    texts = list_texts(recipe)
    (call,) = [text for text in texts if "--comment" in text]
    assert "./redeye impact --base" in call
    assert re.search(r"--base [^-]*(base\.sha|BASE_SHA)", call)
    assert any("make run" in text for text in texts)
    assert any("make stop" in text for text in texts)


def test_there_is_a_recipe_for_each_forge() -> None:
    assert [path.stem for path in RECIPES] == ["impact-github", "impact-gitlab"]
