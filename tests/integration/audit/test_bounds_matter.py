"""A refusal comes from its bound: without that expectation the same corrupted delivery passes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from redeye.audits.audit import audit_many
from redeye.audits.contract_files import CONTRACT, EXPECTATIONS_ROOT

from .delivery_corruptions import CORRUPTIONS  # noqa: TID252 - the tests are no package of their own
from .real_deliveries import Frames  # noqa: TID252 - the tests are no package of their own

# Corruptions that few bounds see, with the columns of those bounds.
NEEDED = [
    ("tail numbers shuffled", "outcomes", ["impossible_turnaround_share", "contradictions"]),
    (
        "flight numbers shuffled",
        "outcomes",
        [
            "missing_in_schedule",
            "matched_share",
            "morning_share_missing",
            "scheduled_carriers_missing",
            "unknown_share_beyond_late",
        ],
    ),
    (
        "known_at an hour late",
        "outcomes",
        [
            "known_at_mismatch_minutes",
            "cancelled_known_after_minutes",
            "minutes",
            "median_taxi",
            "short_taxi",
        ],
    ),
    (
        "a carrier of few flights missing",
        "outcomes",
        ["scheduled_carriers_missing", "carriers_missing", "morning_share_missing"],
    ),
    ("a carrier missing", "schedule", ["carriers_missing", "rows_of_missing"]),
    ("most of a carrier missing", "schedule", ["carriers_uneven", "lost_share"]),
    ("yesterday's with new dates", "schedule", ["same_as_night", "rows_of_another_weekday"]),
    ("a station copied to another", "weather", ["identical_station_share", "repeated_row_share", "equal_"]),
    ("visibility in kilometres", "weather", ["visib"]),
    ("calm all day", "weather", ["calm_share", "wind_", "gust_minus_wind"]),
]


@pytest.mark.parametrize(("name", "dataset", "columns"), NEEDED, ids=[f"{d}: {n}" for n, d, _ in NEEDED])
def test_without_its_bounds_a_corruption_passes(
    name: str,
    dataset: str,
    columns: list[str],
    night: dict[str, pd.DataFrame],
    history: Frames,
    tmp_path: Path,
) -> None:
    root = tmp_path / "expectations"
    shutil.copytree(EXPECTATIONS_ROOT, root)
    contract = root / f"arrivals/{dataset}{CONTRACT}"
    kept = [
        line
        for line in contract.read_text().splitlines(keepends=True)
        if "implementation:" not in line or not any(f"column: {column}" in line for column in columns)
    ]
    contract.write_text("".join(kept))
    corruption = next(c for c in CORRUPTIONS if (c.name, c.dataset) == (name, dataset))
    suite_name = f"arrivals/{dataset}"
    wrong = corruption.corrupt(night[suite_name].copy(), history[suite_name])

    with_bounds = audit_many({suite_name: wrong}, subject="with", history=history)[suite_name]
    without = audit_many({suite_name: wrong}, subject="without", history=history, root=root)[suite_name]

    assert not with_bounds.is_success
    assert without.is_success, without.message()
