"""A hint tells more the stronger it is, and what is said after it is as well calibrated as before."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.studies.gate_power.logic.hints import give_hint

LABELS = (np.arange(100_000) < 30_000).astype(float)
SAID = np.full(len(LABELS), 0.3)
NOISE = np.random.default_rng(1).normal(size=len(LABELS))


def test_no_hint_changes_nothing() -> None:
    assert give_hint(SAID, LABELS, 0.0, NOISE) == pytest.approx(SAID)


def test_a_stronger_hint_tells_labels_apart_further_and_stays_calibrated() -> None:
    weak, strong = (give_hint(SAID, LABELS, strength, NOISE) for strength in (0.3, 1.0))
    apart = [each[LABELS == 1].mean() - each[LABELS == 0].mean() for each in (weak, strong)]
    assert 0 < apart[0] < apart[1]
    for said in (weak, strong):
        assert said.mean() == pytest.approx(0.3, abs=0.005)
        high = said > np.quantile(said, 0.8)
        assert LABELS[high].mean() == pytest.approx(said[high].mean(), abs=0.01)
