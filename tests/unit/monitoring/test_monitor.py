"""What a champion is judged by: its own rows on its own nights, and the age of what it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import PROJECT_ROOT
from redeye.models.kinds.interface import find_kind
from redeye.monitoring.monitor import measure_champion

KIND = find_kind(load_spec(PROJECT_ROOT / "ml" / "specs" / "flight_delay.yaml"))
NIGHT = date(2013, 6, 30)
WINDOW = [NIGHT - timedelta(days=2 + number) for number in range(14)]


def promotion(version: int, effective: date, **changes: Any) -> Promotion:
    row = Promotion(
        version, "m", version, "xgboost", "m_v1", "", "0" * 64, effective - timedelta(days=2), effective, "",
        {}, "", "",
    )  # fmt: skip
    return replace(row, **changes)


HEURISTIC = promotion(1, date(2013, 4, 1))
CHAMPION = promotion(2, date(2013, 4, 3), evidence={"night": "2013-04-01"})


def served(by: Sequence[int], nights: Sequence[date] = WINDOW) -> pd.DataFrame:
    """Ten matured rows a night, by the version that served it; the heuristic only stands in."""
    generator = np.random.default_rng(1)
    rows = [
        {"night": pd.Timestamp(night), "model_version": version, "is_degraded": version == 1}
        for night, version in zip(nights, by, strict=True)
        for _ in range(10)
    ]
    frame = pd.DataFrame(rows)
    chances = generator.uniform(0.1, 0.9, len(frame))
    labels = (generator.random(len(frame)) < chances).astype(float)
    return frame.assign(label=labels, probability=chances, baseline_probability=0.4)


@pytest.mark.parametrize("refused", [0, 5, 10, 14])
def test_nights_on_which_the_champion_was_refused_count_as_degraded(refused: int) -> None:
    rows = served([1] * refused + [2] * (14 - refused))
    window = measure_champion(KIND, rows, CHAMPION, [HEURISTIC, CHAMPION], NIGHT)
    assert window.degraded_share == pytest.approx(refused / 14)
    assert window.rows == 10 * (14 - refused)


def test_nights_of_another_champion_are_not_its_own() -> None:
    # It serves since three nights; the heuristic was champion before, and is no stand-in there.
    fresh = replace(CHAMPION, effective_night=WINDOW[2])
    window = measure_champion(KIND, served([2] * 3 + [1] * 11), fresh, [HEURISTIC, fresh], NIGHT)
    assert (window.degraded_share, window.rows) == (0.0, 30)


def test_the_age_of_a_version_that_was_returned_to_counts_from_its_training() -> None:
    bad = promotion(3, date(2013, 6, 10))
    back = replace(
        CHAMPION, promotion_id=4, kind=PromotionKind.ROLLBACK, decided_night=date(2013, 6, 20),
        effective_night=date(2013, 6, 22), evidence={"night": "2013-04-01", "rollback": {"from_version": 3}},
    )  # fmt: skip
    window = measure_champion(KIND, served([2] * 14), back, [HEURISTIC, CHAMPION, bad, back], NIGHT)
    assert window.age_nights == (NIGHT - date(2013, 4, 1)).days


def test_only_from_the_first_champion_no_rollback_leads_away() -> None:
    crowned = [HEURISTIC, CHAMPION]
    assert not measure_champion(KIND, served([2] * 14), CHAMPION, crowned, NIGHT).is_last_resort
    assert measure_champion(KIND, served([1] * 14), HEURISTIC, crowned[:1], NIGHT).is_last_resort
