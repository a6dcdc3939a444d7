"""What a gate found is told with the numbers that it has, and inputs with what they are."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console

from redeye.cli.analyse.explain import _gate, tabulate_inputs, tabulate_steps
from redeye.features.input_descriptions import InputTable
from redeye.models.logic.amounts import Amount, Step
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


def print_lines(table) -> list[str]:
    console = Console(record=True, width=80)
    console.print(table)
    return [" ".join(line.replace("│", " ").split()) for line in console.export_text().splitlines()]


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
    shown = print_lines(tabulate_inputs(inputs, tables, Amount("raw_probability", "probability", True)))
    assert "What single inputs add to the probability (Shapley values, in percentage points)" in " ".join(
        shown
    )
    for line in (
        "weather__wind_mph 12.35 -2.68",
        "Wind in miles per hour",
        "distance 1325 +0.07",
        "Miles to fly",
    ):
        assert line in shown
    assert "other__thing missing +0.00" in shown


def test_of_what_is_no_share_effects_are_in_its_own_unit_and_the_way_to_its_bounds_is_told():
    inputs = [Contribution("distance", 1325.0, -12.3456), Contribution("wind", 3.0, 0.0071)]
    shown = print_lines(tabulate_inputs(inputs, {}, Amount("learned_value", "value")))
    assert "What single inputs add to the value (Shapley values)" in " ".join(shown)
    assert "distance 1325 -12.35" in shown
    assert "wind 3 +0.007100" in shown
    steps = [Step("as learned", {"value": 12.04, "lower": -3.0, "upper": 12345.678})]
    assert "as learned 12.04 -3.000 12346" in print_lines(tabulate_steps(steps))
