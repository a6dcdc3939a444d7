"""A measure is written with the columns that it takes."""

from __future__ import annotations

from typing import Any

import pytest

from redeye.audits.logic.measures import OF_NEWEST, OF_SERIES, Measure, MeasureName


def test_each_measure_is_written_in_one_of_three_ways() -> None:
    for name in MeasureName:
        accepted = 0
        for written in (str(name), {str(name): "flow"}, {str(name): ["flow", "level"]}):
            try:
                Measure.model_validate(written if isinstance(written, dict) else {"value": written})
            except ValueError:
                continue
            accepted += 1
        assert accepted in (1, 2), name
    assert OF_SERIES.isdisjoint(OF_NEWEST)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"zeros_apart": ["flow", "level"]}, "write {zeros_apart: <column>}"),
        ({"value": "repeated_rows"}, "write {repeated_rows:"),
        ({"turned_gain": "flow"}, "write turned_gain alone"),
        ({"nulls_apart": ["flow"]}, "write {nulls_apart: [<column>, <group>]}"),
        ({"low_tail_shift": ["flow", "gauge", "level"]}, "or {low_tail_shift: [<column>, <group>]}"),
        ({"zeroes": "flow"}, "zeros_apart"),
    ],
)
def test_a_measure_says_its_columns(written: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"Measure") as refusal:
        Measure.model_validate(written)
    assert said in str(refusal.value)
