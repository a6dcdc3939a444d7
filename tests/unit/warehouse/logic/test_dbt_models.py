"""What is said of a model, a column or a source that its YAML says nothing more about."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from redeye.foundation.settings import PROJECT_ROOT
from redeye.warehouse.logic.dbt_models import FEATURES, KEY_TESTS, PUBLISHED, Column, Model, Source

TESTS = PROJECT_ROOT / "dbt" / "tests" / "generic"


def model() -> Model:
    return Model("marts.sales", "sales", "marts", "marts", "", {}, frozenset(), True, "select 1", "select 1")


def test_nothing_is_known_in_time_unless_that_is_said():
    assert (model().known_by, model().is_timeless) == ("", False)
    source = Source("raw.sales", {})
    assert (source.known_by, source.is_timeless) == ("", False)
    assert (Column("A column.").known, Column("A column.").banned) == ("", "")


def test_a_model_has_no_key_and_nothing_to_trust_unless_that_is_said():
    assert (model().key, model().trusted) == ((), {})
    assert model().trusted is not model().trusted


def test_a_model_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        model().sql = ""  # type: ignore[misc]


def test_what_says_a_key_is_a_generic_test_of_the_project_that_is_told_the_key():
    for name in KEY_TESTS:
        first = (TESTS / f"{name}.sql").read_text(encoding="utf-8")
        assert f"{{% test {name}(model, key" in first


def test_features_are_published():
    assert FEATURES in PUBLISHED
    assert "staging" not in PUBLISHED
