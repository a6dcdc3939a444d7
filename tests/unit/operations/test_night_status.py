"""A night is done when facts of that very night say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from redeye.declarations.specs import load_spec
from redeye.operations.model_status import ModelState
from redeye.operations.night_status import Morning
from redeye.warehouse.night_records import NightRecords

NIGHT = date(2013, 4, 4)
SPEC = load_spec(Path(__file__).parents[3] / "ml/specs/flight_delay.yaml")
THERE = cast("Any", object())
DONE = replace(
    ModelState(SPEC, THERE, None, [], [], {"rows": 2}, [], None, [], None, [], [], [], manifest=True),
    verdict={"night": NIGHT, "verdict": "ok"},
)


def morning(state: ModelState, release: Any = THERE) -> Morning:
    records = NightRecords(**{key: [] for key in NightRecords.__dataclass_fields__})
    return Morning(NIGHT, NIGHT, release, None, None, records, [], [state], [])


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, []),
        ({"predictions": None}, ["flight_delay scored"]),
        ({"manifest": False}, ["flight_delay exported"]),
        ({"verdict": None}, ["flight_delay judged"]),
        ({"verdict": {"night": date(2013, 3, 30), "verdict": "ok"}}, ["flight_delay judged"]),
        (
            {"champion": None, "predictions": None, "manifest": False, "verdict": None},
            ["flight_delay scored, since it had no champion"],
        ),
    ],
)
def test_what_is_not_done_is_named(change: dict[str, Any], missing: list[str]) -> None:
    assert morning(replace(DONE, **change)).list_missing_work() == missing


def test_a_night_without_release_is_not_done() -> None:
    assert morning(DONE, release=None).list_missing_work() == ["released"]
