"""The page on a season: every night, every decision, and what the loop gained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.verdicts import Verdict
from redeye.foundation.settings import settings
from redeye.promotion.decision_store import RecordedDecision, RecordedTraining
from redeye.promotion.logic.decision import Decision
from redeye.studies.season.logic.season_quality import Contestant, measure_season, measure_weeks
from redeye.studies.season.season_page import Night, Story, TrainingStory, write_page

FIRST = date(2013, 4, 1)
NIGHTS = [FIRST + timedelta(each) for each in range(21)]
GATE = {"gate": "tolerance", "is_passed": True, "value": 0.0123456, "bound": None, "reason": "a | b"}


def promotion(version: int, night: date, kind: PromotionKind = PromotionKind.PROMOTION) -> Promotion:
    return Promotion(
        version, "delay", version, "xgboost", "delay_v1", "file:/x", "abc", night, night + timedelta(2),
        "better", {}, "operator", "run", kind,
    )  # fmt: skip


def request(night: date) -> RecordedDecision:
    return RecordedDecision(Decision(night, Verdict.RETRAIN, True, "log loss <rose>"), {}, "run")


def training(night: date) -> TrainingStory:
    made = RecordedTraining(
        "delay", night, "key", True, 1, 2, "xgboost", night + timedelta(2), "verdict", "all passed",
        "airflow", "run", "abc",
    )  # fmt: skip
    return TrainingStory(made, (GATE,), "2013-03-01..2013-03-14", "http://mlflow/run", "")


def night(place: int) -> Night:
    verdict = str(list(Verdict)[place % len(Verdict)])
    is_scored = place != 5
    return Night(
        NIGHTS[place], 900 * is_scored, 1 if is_scored else None, "xgboost" if is_scored else "",
        "weather late" if place == 3 else "", "" if is_scored else "nothing arrived", verdict, "reasons",
        "cooldown", place == 7,
    )  # fmt: skip


STORY = Story(
    model="delay",
    first=NIGHTS[0],
    last=NIGHTS[-1],
    nights=tuple(night(place) for place in range(len(NIGHTS))),
    requests=(request(NIGHTS[7]), request(NIGHTS[9])),
    trainings=(training(NIGHTS[7]),),
    promotions=(promotion(2, NIGHTS[7]), promotion(1, NIGHTS[12], PromotionKind.ROLLBACK)),
    before=(promotion(1, date(2013, 3, 30)),),
    shift_weeks=0,
)


def made_rows() -> pd.DataFrame:
    random = np.random.default_rng(1)
    rows = pd.DataFrame({"night": np.repeat(pd.to_datetime(NIGHTS), 20), "model_version": 1})
    rows["label"] = (random.random(len(rows)) < 0.3).astype(float)
    for contestant, sharp in zip(Contestant, (0.4, 0.2, 0.0), strict=True):
        rows[contestant.column] = 0.3 + sharp * (rows["label"] - 0.3)
    return rows


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield
    settings.cache_clear()


def write(folder: Path, story: Story = STORY) -> str:
    rows = made_rows()
    return (
        write_page(story, measure_season(rows), measure_weeks(rows, FIRST), folder)
        .with_suffix(".md")
        .read_text()
    )


def test_every_night_and_every_decision_stands_there(tmp_path: Path) -> None:
    week = settings().reports / "delay" / str(NIGHTS[7]) / "week.html"
    week.parent.mkdir(parents=True)
    week.touch()
    text = write(tmp_path)
    assert "20 of 21 nights were scored: missing are 2013-04-06." in text
    assert "log loss of the loop against never retrained: significantly better, +" in text
    assert "then nothing" not in text
    assert (
        "and nothing since: version 1 (xgboost, decided on night 2013-03-30, serving from 2013-04-01)."
        in text
    )
    assert "- Trainings requested: 2; trained: 1, promoted: 1." in text
    assert "- Promotions: 1; rollbacks: 1." in text
    assert "- Nights degraded: 1; recorded gaps: 1." in text
    assert r"> **Night 2013-04-10 requested a training and got none: log loss \<rose>**" in text
    assert "### Night 2013-04-08: promoted from 2013-04-10" in text
    assert r"| robustness | passed | 0.01235 |  | a \| b |" in text
    assert "| before | 2013-03-30 | 2013-04-01 | [version 1](http" in text
    assert "| rollback | 2013-04-13 | 2013-04-15 |" in text
    assert (
        "| 2013-04-04 | 900 | 1 (xgboost) | roll back | reasons; degraded: weather late | cooldown |  |"
        in text
    )
    assert "| 2013-04-06 | 0 |  | warning | reasons; gap: nothing arrived | cooldown |  |" in text
    assert "| requested | [drift](../delay/2013-04-08/week.html) |" in text
    page = (tmp_path / f"delay-{NIGHTS[0]}-{NIGHTS[-1]}.html").read_text()
    assert "<svg" in page
    assert "log loss &lt;rose&gt;" in page


def test_a_season_without_decisions_says_so(tmp_path: Path) -> None:
    quiet = Story("delay", NIGHTS[0], NIGHTS[-1], STORY.nights, (), (), (), (), 2)
    text = write(tmp_path, quiet)
    assert "> **All dates are 2 weeks later than in the source.**" in text
    assert "Nothing had been promoted before the first night" in text
    assert "No verdict requested a training." in text
    assert "Nothing was ever promoted." in text
