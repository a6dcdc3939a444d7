"""What a gate found is told with the numbers that it has."""

from __future__ import annotations

import numpy as np
import pytest

from redeye.cli.analyse.explain import _gate


@pytest.mark.parametrize(
    ("value", "bound", "told"),
    [
        (None, None, "nothing was seen"),
        (np.float64(12842.0), 3000, "nothing was seen (value 12842, bound 3000)"),
        (0.0, None, "nothing was seen (value 0)"),
    ],
)
def test_a_gate_that_measures_nothing_misses_nothing(value, bound, told):
    assert _gate({"gate": "unseen", "reason": "nothing was seen", "value": value, "bound": bound}) == told
