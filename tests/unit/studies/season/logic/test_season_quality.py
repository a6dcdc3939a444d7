"""A season's figures, recomputed by hand on small data."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import find_champion
from redeye.studies.season.logic.season_quality import (
    Contestant,
    Lead,
    measure_season,
    measure_weeks,
    select_first_promotions,
    weeks_ahead,
)

FIRST = date(2013, 4, 1)


def _rows(nights: int = 10, per_night: int = 200) -> pd.DataFrame:
    """The loop knows the most, the model that was never retrained less, the heuristic least."""
    random = np.random.default_rng(5)
    count = nights * per_night
    truth = random.normal(-1, 1.5, count)
    label = (random.uniform(size=count) < 1 / (1 + np.exp(-truth))).astype(float)

    def seen(noise: float) -> np.ndarray:
        return np.asarray(1 / (1 + np.exp(-(truth + random.normal(0, noise, count)))))

    night = np.repeat(pd.date_range(FIRST, periods=nights).to_numpy(), per_night)
    return pd.DataFrame(
        {
            "night": night,
            "model_version": np.where(night < np.datetime64("2013-04-09"), 2, 3),
            "label": label,
            "probability": seen(0.1),
            "never_probability": seen(1.5),
            "baseline_probability": seen(4.0),
        }
    )


def _promotion(version: int, decided: date, effective: date) -> Promotion:
    return Promotion(
        version, "m", version, "xgboost", "s", "uri", f"sha{version}", decided, effective, "", {}, "a", "r"
    )


def test_the_headline_is_what_the_library_computes() -> None:
    rows = _rows()
    season = measure_season(rows)
    assert (season.nights, season.rows) == (10, 2000)
    assert season.base_rate == pytest.approx(rows["label"].mean())
    for contestant in Contestant:
        by_metric = {one.metric: one.interval for one in season.figures if one.contestant is contestant}
        auc, loss = by_metric["auc"], by_metric["log_loss"]
        assert auc is not None
        assert loss is not None
        assert auc.value == pytest.approx(roc_auc_score(rows["label"], rows[contestant.column]))
        assert loss.value == pytest.approx(log_loss(rows["label"], rows[contestant.column]))
        assert auc.lower < auc.value < auc.upper


def test_a_lead_is_the_difference_on_the_same_rows_and_says_whether_it_is_sure() -> None:
    rows = _rows()
    leads = {(lead.rival, lead.metric): lead for lead in measure_season(rows).leads}
    over = leads[(Contestant.NEVER, "log_loss")].interval
    assert over is not None
    expected = log_loss(rows["label"], rows["never_probability"]) - log_loss(
        rows["label"], rows["probability"]
    )
    assert over.value == pytest.approx(expected)
    assert over.lower > 0
    assert "significantly better" in leads[(Contestant.NEVER, "log_loss")].sentence()
    swapped = rows.rename(columns={"probability": "never_probability", "never_probability": "probability"})
    assert "significantly worse" in measure_season(swapped).leads[0].sentence()


def test_a_loop_that_changed_nothing_is_the_same() -> None:
    rows = _rows().assign(never_probability=lambda frame: frame["probability"])
    never = [lead for lead in measure_season(rows).leads if lead.rival is Contestant.NEVER]
    assert [lead.sentence().split(": ")[1] for lead in never] == ["the same", "the same"]


def test_a_season_of_one_class_has_no_auc() -> None:
    season = measure_season(_rows().assign(label=0.0))
    lead = next(each for each in season.leads if each.metric == "auc")
    assert lead == Lead(lead.rival, "auc", None)
    assert "not defined" in lead.sentence()


def test_weeks_begin_with_the_first_night_and_name_the_versions() -> None:
    rows = _rows()
    weeks = measure_weeks(rows, FIRST)
    assert weeks["week"].tolist() == [FIRST, date(2013, 4, 8)]
    assert weeks["nights"].tolist() == [7, 3]
    assert weeks["versions"].tolist() == ["2", "2, 3"]
    second = rows[rows["night"] >= "2013-04-08"]
    assert weeks["auc_never"].iloc[1] == pytest.approx(
        roc_auc_score(second["label"], second["never_probability"])
    )
    assert weeks_ahead(weeks, Contestant.HEURISTIC, "log_loss") == (2, 0, 0)
    assert weeks_ahead(weeks, Contestant.HEURISTIC, "auc") == (2, 0, 0)


@pytest.mark.parametrize("metric", ["auc", "log_loss"])
def test_a_week_is_ahead_equal_or_behind_however_little_lies_between(metric: str) -> None:
    better, worse = (0.71, 0.7) if metric == "auc" else (0.5, 0.51)
    weeks = pd.DataFrame(
        {f"{metric}_loop": [better, better, worse, worse], f"{metric}_never": [worse, better, better, better]}
    )
    assert weeks_ahead(weeks, Contestant.NEVER, metric) == (1, 1, 2)


def test_never_retrained_is_what_was_promoted_before_and_nothing_since() -> None:
    first = _promotion(1, date(2013, 3, 31), FIRST)
    second = _promotion(2, date(2013, 3, 31), date(2013, 4, 2))
    retrained = _promotion(3, date(2013, 5, 1), date(2013, 5, 3))
    before = select_first_promotions([first, second, retrained], FIRST)
    assert before == (first, second)
    served = [find_champion(before, night) for night in (date(2013, 3, 31), FIRST, date(2013, 12, 1))]
    assert served == [None, first, second]
