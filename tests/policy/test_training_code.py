"""Whoever edits what decides on a fit says whether it fits the same models: trainings are keyed by it for years."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.models import training_code
from redeye.models.training_code import MODELS, STANDINGS, TRAINING
from redeye.studies.backtest.logic import schedules
from redeye.studies.evidence.logic import months
from redeye.studies.freshness.logic import windows_and_ages

PLANNING = {"backtest": schedules, "evidence": months, "freshness": windows_and_ages}


@pytest.mark.parametrize("name", [TRAINING, *PLANNING])
def test_the_code_of_now_is_recorded(name: str) -> None:
    if name == TRAINING:
        now = training_code.digest_training_code(MODELS)
    else:
        now = training_code.digest_study_code(Path(str(PLANNING[name].__file__)))
    code, stands_for = STANDINGS[name]
    assert now == code, (
        f"the code of {name} is another: if it fits the same models as before, write `Standing({now!r}, "
        f"{stands_for!r})` in redeye/models/training_code.py; if it does not, `Standing({now!r}, {now!r})`"
    )


def test_every_study_that_keeps_fits_is_among_them() -> None:
    assert STANDINGS.keys() == {TRAINING, *PLANNING}
