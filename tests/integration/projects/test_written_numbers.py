"""A project of a number that is written from answers builds as it is, and knows of earlier numbers what was known."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engine_alone import run_apart
from made_projects import MadeProject, make_project

from redeye.foundation.settings import ENGINE
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.write_project import write_project

FIRST, NIGHTS = date(2026, 1, 1), 10
QUERY = """
SELECT rows.{one}_id, rows.night, rows.final_cost, past.rows_7n, past.mean_7n
FROM warehouse.marts.fct_{many} AS rows
JOIN warehouse.features.feat_place__history AS past USING (night, place_id)
ORDER BY ALL
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MadeProject]:
    root = tmp_path_factory.mktemp("numbers") / "project"
    made = make_project(root, 7, first=FIRST, nights=NIGHTS)
    made.rows["cost"] = np.round(2 * made.rows["size"] + 30 * made.rows["failed"], 2)
    made.rows.loc[::17, "cost"] = np.nan
    made.rows.drop(columns="chance").to_csv(root / "data" / "rows.csv", index=False)
    asked = {"predict": "cost", "is_number": True, "label": "final_cost", "known_after": "PT1H"}
    write_project(root, Answers.model_validate(made.answers | asked))
    return root, made


@pytest.fixture(scope="module")
def built(made: tuple[Path, MadeProject], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    answers: dict[str, Any] = made[1].answers
    last = FIRST + timedelta(days=NIGHTS - 2)
    words = [FIRST - timedelta(days=1), last, 0, QUERY.format(one=answers["one"], many=answers["many"])]
    found = run_apart(ENGINE / "tests" / "play_written.py", made[0], tmp_path_factory.mktemp("built"), words)
    return pd.DataFrame(found["rows"], columns=["number", "night", "label", "rows", "mean"])


def test_the_label_is_the_number_and_missing_where_it_is(
    built: pd.DataFrame, made: tuple[Path, MadeProject]
) -> None:
    told = made[1].rows.assign(number=lambda rows: rows["number"].astype(str)).set_index("number")["cost"]
    is_known = built["night"] < built["night"].max()
    known = built[is_known].set_index("number")["label"]
    pd.testing.assert_series_equal(known, told.loc[known.index], check_names=False)
    assert built.loc[~is_known, "label"].isna().all()


def test_a_place_is_told_by_the_mean_of_what_was_known_of_it(
    built: pd.DataFrame, made: tuple[Path, MadeProject]
) -> None:
    one = made[1].rows.assign(number=lambda rows: rows["number"].astype(str)).set_index("number")
    rows = built.assign(place=one.loc[built["number"], "place"].to_numpy())
    # A row's number is known with the build of the day it is of, a night after the one that predicts it.
    rows["known"] = pd.to_datetime(rows["night"]) + pd.Timedelta(days=1)
    for (place, night), found in rows.groupby(["place", "night"]):
        at = pd.Timestamp(night)
        past = rows[
            (rows["place"] == place) & (rows["known"] <= at) & (rows["known"] > at - pd.Timedelta(days=7))
        ]
        assert set(found["rows"]) == {past["label"].count()}
        if past["label"].count():
            assert found["mean"].to_numpy() == pytest.approx(past["label"].mean())
        else:
            assert found["mean"].isna().all()
