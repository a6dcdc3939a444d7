"""Since when a candidate waits is told by its own model's training, whoever else trained on that night."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from prepared_installations import Kind

from redeye.foundation.cost_store import read_success_times, record_cost
from redeye.operations.model_status import read_asked_at

pytestmark = pytest.mark.integration

NIGHT = date(2013, 4, 4)


def test_the_time_is_that_of_the_models_own_training(prepared: Any, tmp_path: Any) -> None:
    waiting: Any = [SimpleNamespace(version=3, night=NIGHT)]
    with prepared.installed(tmp_path / "home", Kind.EMPTY):
        for model in ("mine", "another"):
            with record_cost("redeye.promotion.train:train_night", NIGHT, model=model, run_id="test"):
                pass
        times = read_success_times(NIGHT, NIGHT, ["train_night"])
        assert len({time for pair in times.values() for time in pair}) == 2
        assert read_asked_at("mine", waiting) == {3: times["train_night", "mine", NIGHT][1]}
        assert read_asked_at("another", waiting) == {3: times["train_night", "another", NIGHT][1]}
        assert read_asked_at("none", waiting) == {}
