"""What single inputs do to a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd
import pytest

from redeye.declarations.spec_algorithms import HeuristicParams
from redeye.models.algorithms.base import Categories, Floats, Inputs, Model, Training
from redeye.scoring.logic.explanation import changes, contributions


@dataclass
class Sum(Model[HeuristicParams]):
    """0.1 a + 0.2 (b is x), missing values count nothing."""

    algorithm: ClassVar[str] = "sum"

    @classmethod
    def fit(cls, training: Training, params: HeuristicParams) -> Self:
        return cls()

    def predict(self, frame: pd.DataFrame) -> Floats:
        return 0.1 * frame["a"].fillna(0).to_numpy(dtype=float) + 0.2 * (frame["b"] == "x").to_numpy()

    @property
    def categories(self) -> Categories:
        return Categories({"b": ("x",)})

    def importance(self) -> dict[str, float]:
        return {}

    def files(self) -> dict[str, bytes]:
        return {}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        return cls()


ROW = pd.DataFrame({"a": [3.0], "b": ["x"], "c": [np.nan]})
INPUTS = Inputs(numeric=("a", "c"), categorical=("b",))


class Product(Sum):
    """0.1 + 0.8 where both are known, 0.1 otherwise: neither does anything alone."""

    def predict(self, frame: pd.DataFrame) -> Floats:
        return 0.1 + 0.8 * (frame["a"].notna() & frame["b"].notna()).to_numpy()


def test_inputs_that_matter_together_share_the_effect_and_all_effects_add_up():
    found = contributions(Product().predict, ROW, INPUTS)
    assert {each.column: each.effect for each in found} == pytest.approx({"a": 0.4, "b": 0.4, "c": 0.0})
    assert sum(each.effect for each in found) == pytest.approx(0.8)


def test_each_input_is_credited_with_what_it_adds_and_the_strongest_comes_first():
    found = contributions(Sum().predict, ROW, INPUTS)
    assert [each.column for each in found] == ["a", "b", "c"]
    assert [each.effect for each in found] == pytest.approx([0.3, 0.2, 0.0])
    assert [each.value for each in found] == [3.0, "x", None]


def test_the_row_itself_stays_as_it_was():
    before = ROW.copy()
    contributions(Sum().predict, ROW, INPUTS)
    pd.testing.assert_frame_equal(ROW, before)


def test_only_one_row_is_explained():
    with pytest.raises(ValueError, match="one row"):
        contributions(Sum().predict, pd.concat([ROW, ROW]), INPUTS)


def test_what_has_changed_is_named_and_what_was_not_recorded_is_not():
    found = changes({"code_hash": "a", "spec_hash": "s"}, {"code_hash": "b", "spec_hash": "s", "other": "x"})
    assert found == ["code_hash has changed since: a then, b now"]
