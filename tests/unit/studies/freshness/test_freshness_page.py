"""The page on windows and ages holds every row, and the defaults that follow from them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from made_rows import SPEC

from redeye.models.logic.splits import Window
from redeye.studies.freshness.freshness_page import Facts, write_page
from redeye.studies.freshness.logic.freshness_quality import ALL
from redeye.studies.freshness.logic.windows_and_ages import STEP, Origin, TrainedOrigin, window_name
from redeye.warehouse.logic.releases import Release, ReleaseKind

NIGHT = date(2013, 2, 14)
RELEASE = Release("2013-06-01.r1", NIGHT, 1, NIGHT, ReleaseKind.HISTORY, 1, "abc" * 10, "c", "g")
BLOCK = Window(NIGHT + timedelta(1), NIGHT + timedelta(STEP))


def rows(variant: str, gain: float, **more: object) -> list[dict[str, object]]:
    span = {"value": gain, "lower": gain - 0.01, "upper": gain + 0.01}
    both = {"auc": 0.7, "log_loss": 0.5}
    return [
        {"variant": variant, "metric": metric, "nights": 84, "quality": quality, **span, **more}
        for metric, quality in both.items()
    ]


def write(tmp_path: Path, shorter: float, older: float) -> str:
    windows = pd.DataFrame([*rows(window_name(28), shorter), *rows(ALL, 0.0)])
    aged = [
        row
        for step in (1, 2)
        for row in rows(ALL, older, behind=step, age_from=28 * step + 1, age_to=28 * step + 28)
    ]
    learned = {NIGHT: TrainedOrigin({ALL: 44}, {"a": 2.0, "b": 3.0}, {window_name(28): 51.0}, ("x", "y"))}
    facts = Facts(RELEASE, "code", 1, 2, "xgboost", (Origin(NIGHT, BLOCK, BLOCK),), 18)
    return write_page(tmp_path, SPEC, windows, pd.DataFrame(aged), learned, facts).read_text()


def test_tables_mark_what_is_significant_and_leave_all_history_without_a_difference(tmp_path: Path) -> None:
    text = write(tmp_path, shorter=-0.03, older=-0.005)
    worse = "**-0.0300 (-0.0400 to -0.0200)**"
    assert f"| 28 nights | 84 | 0.7000 | {worse} | 0.5000 | {worse} |" in text
    assert "| all history | 84 | 0.7000 |  | 0.5000 |  |" in text
    assert "| 29 to 56 | all history | 84 | -0.0050 (-0.0150 to +0.0050) |" in text
    assert "| 2013-02-14 | 44 | 51 |  |" in text
    assert {path.name for path in (tmp_path / "freshness").iterdir()} == {
        "windows.csv", "ages.csv", "defaults.json", "windows.svg", "ages.svg",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shorter", "older", "because"),
    [
        (-0.03, -0.005, ("no shorter window is significantly better", "at no age up to 84 nights")),
        (
            0.03,
            -0.03,
            ("significantly better than all history in log loss: 28 nights", "at ages 29 to 56, 57 to 84"),
        ),
    ],
)
def test_the_defaults_stand_with_their_reason(
    tmp_path: Path, shorter: float, older: float, because: tuple[str, str]
) -> None:
    text = write(tmp_path, shorter, older)
    found = json.loads((tmp_path / "freshness" / "defaults.json").read_text())
    window, age = (
        next(line for line in text.splitlines() if f"`{key}`" in line)
        for key in ("split.history_nights", "monitor.maximum_age_nights")
    )
    assert f"| {found['history_nights']} |" in window
    assert f"| {found['maximum_age_nights']} |" in age
    assert because[0] in window
    assert because[1] in age
