"""A project that an engine of before wrote."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from made_projects import make_project

from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.review.check_project import list_faults
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.write_project import write_project
from redeye.review.upgrade_project import describe_change, find_upgrades, write_upgrades


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The spec of a project whose thresholds and macros are those of before."""
    answers = Answers.model_validate(make_project(tmp_path, 3, first=date(2026, 1, 1), nights=5).answers)
    write_project(tmp_path, answers)
    path = tmp_path / "models" / f"{answers.model}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{warning:", "{watch:").replace("critical:", "act:"), encoding="utf-8")
    (tmp_path / "dbt/macros/adapter/view.sql").write_text("-- of before\n", encoding="utf-8")
    return path


def test_it_is_written_as_this_engine_writes_it_with_the_same_hash(tmp_path: Path, spec: Path) -> None:
    before, text = load_spec(spec).hash, spec.read_text(encoding="utf-8")
    found = find_upgrades(tmp_path, tmp_path / "models")
    told = describe_change(spec, found[spec]).splitlines()
    assert {"-    auc_drop: {watch: 0.03, act: 0.08}", "+    auc_drop: {warning: 0.03, critical: 0.08}"} <= {
        *told
    }
    assert spec.read_text(encoding="utf-8") == text, "nothing is written yet"
    assert set(found) == {tmp_path / "dbt/macros/adapter/view.sql", spec}
    write_upgrades(found)
    assert "watch" not in spec.read_text(encoding="utf-8")
    assert load_spec(spec).hash == before
    assert list_faults(tmp_path, tmp_path / "models") == []
    assert find_upgrades(tmp_path, tmp_path / "models") == {}


def test_what_cannot_be_read_is_named(tmp_path: Path, spec: Path) -> None:
    text = spec.read_text(encoding="utf-8").replace("maximum_age_nights", "oldest")
    spec.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"{spec.name}:\d+: monitor\.oldest: unknown key"):
        find_upgrades(tmp_path, tmp_path / "models")
