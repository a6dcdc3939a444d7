"""What only counts up, and what the date alone says, is no input that can drift; by what it is, whatever its name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from redeye.monitoring.logic.drift_inputs import select_drifting

NIGHTS, SHOPS, ROWS = 30, 5, 600
KEYS = {
    **dict.fromkeys(("sold_ever", "sold_in_week", "share", "size", "restarted", "age_days"), "shop_id"),
    **dict.fromkeys(("weekday", "days_to_fair"), "date_id"),
    "rain": "town_id",
}


def made(seed: int = 0) -> pd.DataFrame:
    """Rows of nights in no order, each with a shop, its counts, its town's one rain a night and the date's facts."""
    rng = np.random.default_rng(seed)
    night, shop = rng.integers(0, NIGHTS, ROWS), rng.integers(0, SHOPS, ROWS)
    sold = rng.integers(0, 4, (NIGHTS, SHOPS))
    ever = sold.cumsum(axis=0)
    return pd.DataFrame(
        {
            "night": pd.Timestamp("2024-02-01") + pd.to_timedelta(night, unit="D"),
            "shop_id": [f"s{one}" for one in shop],
            "date_id": [f"d{one}" for one in night],
            "town_id": "the only one",
            "sold_ever": np.where(rng.random(ROWS) < 0.05, np.nan, ever[night, shop]),
            "sold_in_week": (ever - np.r_[np.zeros((7, SHOPS), dtype=int), ever[:-7]])[night, shop],
            "restarted": np.where(night < 20, ever[night, shop], ever[night, shop] - ever[19, shop]),
            "share": ever[night, shop] / (1.0 + night),
            "size": 10 * shop,
            "age_days": 100 * shop + night,
            "rain": rng.normal(size=NIGHTS)[night],
            "weekday": night % 7,
            "days_to_fair": NIGHTS - night,
            "rank_today": rng.integers(0, 9, ROWS),
        }
    )


def test_only_what_counts_up_and_what_the_date_says_is_left_out() -> None:
    numeric = dict.fromkeys([*KEYS, "rank_today"], True) | {"shop_id": False}
    kept = select_drifting(made(), numeric, KEYS)
    assert numeric.keys() - kept.keys() == {"sold_ever", "age_days", "weekday", "days_to_fair"}
    assert kept["rank_today"]
    assert not kept["shop_id"]


def test_one_value_a_night_can_drift_if_it_is_not_looked_up_by_the_date() -> None:
    assert made().groupby("night")["rain"].nunique().max() == 1
    assert select_drifting(made(), {"rain": True}, KEYS) == {"rain": True}


def test_a_text_is_no_count_and_a_column_without_a_value_stays() -> None:
    rows = made().assign(size=np.nan, share="grows")
    assert select_drifting(rows, {"size": True, "share": False}, KEYS) == {"size": True, "share": False}
