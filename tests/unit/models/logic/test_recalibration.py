"""The identity is what a recalibration is that says nothing, and only that."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from delay_minutes import make_spec

from redeye.declarations.specs import load_spec
from redeye.foundation.settings import SPECS
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.recalibration import IDENTITY, Recalibration


def test_what_says_nothing_is_the_identity_and_a_night_makes_it_another() -> None:
    assert Recalibration() == IDENTITY
    assert Recalibration(night=date(2013, 3, 1)) != IDENTITY


def test_each_kind_serves_the_very_raw_ones_by_the_identity(tmp_path) -> None:
    for spec, raw in (
        (load_spec(SPECS / "flight_delay.yaml"), np.array([0.2, 0.4])),
        (make_spec(tmp_path), np.array([[1.0, 0.0, 2.0]])),
    ):
        assert find_kind(spec).recalibrate(raw, IDENTITY) is raw


def test_a_kind_without_recalibration_refuses_one() -> None:
    spec = load_spec(SPECS / "flight_delay.yaml")
    with pytest.raises(ValueError, match="are not recalibrated"):
        Kind.recalibrate(find_kind(spec), np.array([0.2]), Recalibration(1.0))
