"""A study is of models that say one probability: of any other it is refused before anything is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import delay_minutes
import made_classes
import pytest

from redeye.foundation.errors import ConfigError
from redeye.studies import studied_spec
from redeye.studies.backtest import run_backtest
from redeye.studies.evidence import run_evidence
from redeye.studies.freshness import run_freshness
from redeye.studies.gate_power import rehearse_gates
from redeye.studies.interval_error import run_interval_error
from redeye.studies.season import report_season
from redeye.studies.studied_spec import load_studied_spec

NIGHT, NOWHERE = date(2026, 1, 1), Path("nowhere")
STUDIES: dict[str, Callable[..., Any]] = {
    "evidence": partial(run_evidence.gather, folder=NOWHERE, report=print),
    "backtest": partial(run_backtest.gather, report=print),
    "freshness": partial(run_freshness.gather, folder=NOWHERE, report=print),
    "interval error": partial(run_interval_error.measure, folder=NOWHERE, report=print),
    "gates": partial(rehearse_gates.rehearse, page=NOWHERE, harmful=1, report=print),
    "season": partial(report_season.write_season, first=NIGHT, last=NIGHT, report=print),
}


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize(
    ("module", "says"),
    [
        (delay_minutes, "value, lower, upper"),
        (made_classes, ", ".join(made_classes.COLUMNS)),
    ],
    ids=["numbers", "classes"],
)
def test_a_model_of_another_kind_is_refused_by_each_study(
    study: str, module: ModuleType, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.write_spec(tmp_path)
    monkeypatch.setattr(studied_spec, "SPECS", tmp_path)
    with pytest.raises(ConfigError, match=f"{module.MODEL} says {says} of each row"):
        STUDIES[study](module.MODEL)


def test_a_model_of_one_probability_is_studied() -> None:
    assert load_studied_spec("flight_delay").model == "flight_delay"
