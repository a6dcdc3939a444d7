"""The page on a backtest: what each schedule gains, with its interval, and what was trained when."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from made_rows import SPEC

from redeye.models.logic.splits import Window
from redeye.studies.backtest.backtest_page import HALVES, NAMES, TITLES, Backtest, Facts, write_page
from redeye.studies.backtest.logic.loop import Request
from redeye.studies.backtest.logic.schedules import CHOSEN, Schedule
from redeye.studies.evidence.logic.evidence_quality import POOLED
from redeye.warehouse.logic.releases import Release, ReleaseKind

NIGHT = date(2013, 4, 1)
RELEASE = Release("2013-06-01.r1", NIGHT, 1, NIGHT, ReleaseKind.HISTORY, 1, "abc" * 10, "c", "g")
# Over `never`, in every metric.
GAINS = {"heuristic": -0.05, "monthly": 0.03, "weekly": 0.005, "verdict": -0.03, "loop": 0.04}


def row(month: str, schedule: str, metric: str, against: str, value: float) -> dict[str, object]:
    bounds = {"lower": value - 0.01, "upper": value + 0.01, "rows": 1500, "base_rate": 0.25}
    return {
        "month": month, "schedule": schedule, "metric": metric, "against": against, "value": value, **bounds,
    }  # fmt: skip


QUALITY = pd.DataFrame(
    [
        made
        for month in ("2013-04", "2013-05", *HALVES, POOLED)
        for metric in TITLES
        for made in (
            *(row(month, schedule, metric, "", 0.4 if schedule == "weekly" else 0.5) for schedule in NAMES),
            *(row(month, schedule, metric, "never", gain) for schedule, gain in GAINS.items()),
            row(month, "loop", metric, "weekly", 0.02),
        )
    ]
)


def play(algorithm: str, *requests: Request, is_recorded: bool = False) -> Backtest:
    served = Window(NIGHT, date(2013, 5, 31))
    decided = {schedule: (date(2013, 3, 30), NIGHT) for schedule in Schedule}
    facts = Facts(RELEASE, "code", 1, 2, algorithm, served, is_recorded)
    refused = Request(NIGHT, "scheduled run", is_promoted=False)
    asked = {Schedule.VERDICT: requests, Schedule.LOOP: (refused, refused)}
    return Backtest(SPEC, facts, decided, asked, {NIGHT: "torch"})


def test_each_schedule_has_its_gain_with_the_interval(tmp_path: Path) -> None:
    page = write_page(play("xgboost"), QUALITY, tmp_path, None)
    assert page.name == "flight_delay-2013-04-01-2013-05-31-xgboost.html"
    text = page.with_suffix(".md").read_text()
    assert "| monthly | 2 | 0.5000 (0.4900 to 0.5100) |" in text
    assert "| **+0.0300 (+0.0200 to +0.0400)** |" in text
    gained = {
        "Monthly": "significantly better, +0.0300 (+0.0200 to +0.0400)",
        "Weekly": "not significantly different, +0.0050 (-0.0050 to +0.0150)",
        "By verdict": "significantly worse, -0.0300 (-0.0400 to -0.0200)",
    }
    for name, words in gained.items():
        assert f"- {name} against never retrained: AUC {words}; log loss {words}." in text
    assert "| 2013-05 | 1,500 | 25.0% | 0.5000 |" in text
    assert f"| {POOLED} |" not in text
    assert "| monthly | 2013-03-30, 2013-04-01 |" in text
    assert "No training was requested." in text
    assert "| the loop | 3 | 0.5000" in text
    assert "| 2013-04-01 | scheduled run | no, refused by the gates |" in text
    assert "<svg" in page.read_text()


@pytest.mark.parametrize(("algorithm", "is_selected"), [("xgboost", False), (CHOSEN, True)])
def test_it_says_whether_there_was_a_model_selection(
    tmp_path: Path, algorithm: str, is_selected: bool
) -> None:
    text = write_page(play(algorithm), QUALITY, tmp_path, None).with_suffix(".md").read_text()
    assert ("| 2013-04-01 | torch |" in text) == is_selected
    assert ("there is no model selection" in text) != is_selected


def test_the_docs_get_the_same_page_with_a_picture_of_its_own(tmp_path: Path) -> None:
    asked = Request(NIGHT, "log loss | too high")
    page = write_page(play("xgboost", asked, is_recorded=True), QUALITY, tmp_path / "reports", tmp_path)
    text = (tmp_path / "backtest.md").read_text()
    assert r"| 2013-04-01 | log loss \| too high | yes |" in text
    assert "recorded verdicts requested" in text
    assert "By verdict (simulated)" not in text
    own = page.with_suffix(".md").read_text()
    assert text == own.replace(f"({page.stem}.svg)", "(backtest/log_loss.svg)")
    assert (tmp_path / "backtest" / "log_loss.svg").read_text() == page.with_suffix(".svg").read_text()


def test_the_loop_is_held_against_what_was_best_on_the_other_half(tmp_path: Path) -> None:
    text = write_page(play("xgboost"), QUALITY, tmp_path, None).with_suffix(".md").read_text()
    assert "weekly had the lowest log loss on the first half." in text
    assert "the loop's is significantly better, +0.0200 (+0.0100 to +0.0300)." in text
