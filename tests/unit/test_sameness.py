"""Two runs are the same but for who ran them; any other difference is named."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sameness import KEYS, differences


def rows(run_id: str = "one") -> dict[str, pd.DataFrame]:
    frames = {
        table: pd.DataFrame({key: [f"{key}{n}" for n in range(4)] for key in keys} | {"run_id": run_id})
        for table, keys in KEYS.items()
    }
    frames["predictions"]["probability"] = [0.1, 0.2, np.nan, 0.4]
    frames["trainings"] = frames["trainings"].assign(actor=run_id, is_promoted=True)
    return frames


def test_another_run_in_another_order_is_the_same() -> None:
    other = {table: frame.sample(frac=1.0, random_state=3) for table, frame in rows("other").items()}
    assert differences(rows(), other) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda all_rows: all_rows["predictions"].loc.__setitem__((1, "probability"), 0.2 + 1e-16 * 5),
            "probability",
        ),
        (
            lambda all_rows: all_rows["predictions"].loc.__setitem__((2, "probability"), 0.3),
            "probability differs in 1",
        ),
        (lambda all_rows: all_rows.update(verdicts=all_rows["verdicts"].head(3)), "verdicts: 4 rows and 3"),
        (
            lambda all_rows: all_rows["trainings"].loc.__setitem__((0, "is_promoted"), False),
            "is_promoted differs",
        ),
        (lambda all_rows: all_rows["drift"].insert(0, "more", 1), "drift: the columns more"),
    ],
)
def test_any_difference_is_named(change: Callable[[dict[str, pd.DataFrame]], None], said: str) -> None:
    other = rows("other")
    change(other)
    (found,) = differences(rows(), other)
    assert said in found
