"""The code hash names what builds the warehouse, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from redeye.warehouse import dbt

pytestmark = pytest.mark.integration


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project, used in its stead."""
    copy = tmp_path / "elsewhere"
    shutil.copytree(dbt.PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    return copy


def test_it_follows_code_and_not_place_or_words(project: Path, tmp_path: Path) -> None:
    def hashed() -> str:
        return dbt.code_hash(target_dir=tmp_path / "state", project=project)

    def replace(path: str, old: str, new: str) -> None:
        file = project / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    original = hashed()
    assert hashed() == original
    replace("models/marts/_models.yml", "Airports. Grain", "The airports. Grain")
    assert hashed() == original
    seen = {original}
    for path, old, new in [
        ("models/marts/dim_carriers.sql", "carrier_name,", "upper(carrier_name) as carrier_name,"),
        ("macros/declared.sql", "return(15)", "return(20)"),
        ("models/marts/_models.yml", "data_type: integer", "data_type: bigint"),
        ("dbt_project.yml", "append_new_columns", "fail"),
    ]:
        replace(path, old, new)
        seen.add(hashed())
    assert len(seen) == 5
