"""What a gate found is told with the numbers that it has, and inputs with what they are."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from redeye.cli.analyse.explain import _gate, tabulate_inputs
from redeye.features.input_descriptions import InputTable
from redeye.scoring.logic.explanation import Contribution


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


def test_inputs_are_told_with_their_unit_and_in_percentage_points():
    tables = {
        "weather": InputTable("The weather", {"wind_mph": "Wind in miles per hour"}),
        "": InputTable("The schedule", {"distance": "Miles to fly"}),
    }
    inputs = [
        Contribution("weather__wind_mph", np.float64(12.3456), -0.0268),
        Contribution("distance", np.int64(1325), 0.00071),
        Contribution("other__thing", None, 0.0),
    ]
    console = Console(record=True, width=80)
    console.print(tabulate_inputs(inputs, tables))
    shown = [" ".join(line.replace("│", " ").split()) for line in console.export_text().splitlines()]
    for line in (
        "weather__wind_mph 12.35 -2.68",
        "Wind in miles per hour",
        "distance 1325 +0.07",
        "Miles to fly",
    ):
        assert line in shown
    assert "other__thing missing +0.00" in shown
