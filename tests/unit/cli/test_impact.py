"""The report of impact on a terminal: scores before data, and no name in pieces at 80 columns."""

from __future__ import annotations

import re
from datetime import date

import pytest
from made_rows import SPEC
from rich.console import Console

from redeye.champions.logic.readers import Reader
from redeye.cli.develop.impact import render_impact
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_gains import Gain, LabelDiff, LabelFit
from redeye.review.logic.impact_measures import Measures
from redeye.review.logic.impact_moves import ColumnMove, ScoreDiff
from redeye.review.logic.impact_reach import Consumer, Rollout
from redeye.review.logic.impact_verdict import Impact, judge
from redeye.review.logic.model_diff import ColumnDiff, ModelDiff, Origin

COLUMNS = tuple(
    f"{what}_{nights}"
    for what in ("late_rate", "mean_delay_minutes", "cancelled_rate")
    for nights in ("28n", "all")
)
TABLE = "feat_carrier_origin_hour__delays"
FEATURES = tuple(f"carrier_origin_hour_delays__{each}" for each in COLUMNS)
READER = Reader("flight_delay", 12, "to go back to", "xgboost_recent", "flight_delay_v1", frozenset(FEATURES))
MEASURES = Measures.of(find_kind(SPEC))
MOVE = ColumnMove("Probability", 20_533, largest=0.05, rank_correlation=0.99)
MOVES = {"the share of true ones": (0.3, 0.2)}
IMPACT = Impact(
    "abc1234567",
    "2013-04-01.r1",
    "2013-03-01 to 2013-04-01",
    (
        ModelDiff(
            f"features.{TABLE}",
            Origin.CHANGED,
            ("carrier_origin_hour_id",),
            rows_old=1_234_567,
            rows_new=1_234_567,
            columns=tuple(ColumnDiff(each, "values", 120_000, 0.25) for each in COLUMNS),
            seconds_old=101.0,
            seconds_new=102.0,
        ),
    ),
    readers=(READER,),
    scores=(
        ScoreDiff(
            READER, MEASURES, 28, 26_234, 20_533, 985, 811, (MOVE,), None, None, Interval(-1, -2, -0.5)
        ),
    ),
    gains=(
        Gain(
            "flight_delay",
            MEASURES,
            "xgboost",
            12_842,
            "2013-03-19..2013-04-01",
            3,
            0.5,
            0.49,
            Interval(0.01, -0.02, 0.03),
            LabelDiff(90_000, 7_339, MOVES, True, True, (LabelFit("old", "new", 0.51, 0.99, {"AUC": 0.7}),)),
            93.0,
        ),
    ),
    consumers=(Consumer("flight_delay_predictions", "exposure (application)", FEATURES),),
    rollout=Rollout((TABLE,), date(2012, 12, 31), date(2013, 4, 3), 30.0, 4.0, 365),
)


def show(width: int) -> str:
    console = Console(record=True, width=width)
    for each in render_impact(IMPACT, judge(IMPACT)):
        console.print(each, highlight=False)
    return console.export_text()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_name_is_in_pieces(width: int) -> None:
    shown = show(width)
    assert max(map(len, shown.splitlines())) <= width
    whole = set(re.findall(r"[\w.:-]+", shown))
    assert {TABLE, *COLUMNS[:5], "flight_delay_predictions", "2013-03-19..2013-04-01"} <= whole
    # Wherever a feature is begun, it is ended.
    assert set(re.findall(r"carrier_origin_hour_delays\w*", shown)) <= set(FEATURES)


def test_the_verdict_comes_first_then_scores_readers_nights_at_last_data() -> None:
    shown = show(80)
    parts = (
        "breaks",
        "features that flight_delay version 12",
        "Scores",
        "Trained anew",
        "Who reads it",
        "Data",
    )
    places = [shown.index(each) for each in parts]
    assert places == sorted(places)
    assert "with the change flight_delay version 12" in shown
    assert "worse, log loss gained -1.0000" in " ".join(shown.split())
