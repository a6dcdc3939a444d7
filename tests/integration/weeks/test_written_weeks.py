"""A project of weeks that is written from answers plays as it is: it counts, predicts and judges in weeks.

It asks which of three classes comes, of a seed-made shop whose best model is known.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engine_alone import run_apart
from made_fates import COLUMNS, FATES, find_fate_chances
from made_projects import MadeProject, make_project

from redeye.foundation.settings import ENGINE
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.write_project import write_project

PLAY = ENGINE / "tests" / "play_written.py"
FIRST, WEEKS, PLAYED, ROWS_A_DAY = date(2026, 1, 5), 42, 2, 12
A_WEEK = 7 * ROWS_A_DAY
QUERY = """
SELECT night, count(*), count(final_fate), min(past.rows_1n), min(past.rows_4n), min(past.rows_13n)
FROM warehouse.marts.fct_{many}
JOIN warehouse.features.feat_any_{one}__history AS past USING (night)
GROUP BY ALL ORDER BY night
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MadeProject]:
    root = tmp_path_factory.mktemp("weeks") / "project"
    made = make_project(root, 11, first=FIRST, nights=7 * WEEKS, rows_a_night=ROWS_A_DAY)
    chances = find_fate_chances(made.rows)
    fates = np.array(FATES)[np.where(made.rows["failed"], np.where(chances[:, 2] > 0, 2, 1), 0)]
    made.rows.drop(columns=["chance", "remark", "failed"]).assign(fate=fates).to_csv(
        root / "data" / "rows.csv", index=False
    )
    answers = Answers.model_validate(
        made.answers
        | {"zone": "Europe/Madrid", "every": "week", "cutoff": None, "in_advance": ["place", "size"]}
        | {"predict": "fate", "classes": "sample", "label": "final_fate"}
    )
    write_project(root, answers)
    return root, made


@pytest.fixture(scope="module")
def played(made: tuple[Path, MadeProject], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    answers = made[1].answers
    # The week before the first row predicts it; the last one's rows are predicted by the one before it.
    first = FIRST - timedelta(weeks=1)
    last = first + timedelta(weeks=WEEKS - 1 - PLAYED)
    query = QUERY.format(one=answers["one"], many=answers["many"])
    return run_apart(PLAY, made[0], tmp_path_factory.mktemp("played"), [first, last, PLAYED, query])


def test_each_night_has_a_weeks_rows_and_all_but_the_newest_their_labels(played: dict[str, Any]) -> None:
    assert [row[1] for row in played["rows"]] == [A_WEEK] * WEEKS
    assert [row[2] for row in played["rows"]] == [A_WEEK] * (WEEKS - 1) + [0]


def test_windows_of_features_are_counted_in_weeks(played: dict[str, Any]) -> None:
    for place, weeks in ((3, 1), (4, 4), (5, 13)):
        assert [row[place] for row in played["rows"]] == [A_WEEK * min(at, weeks) for at in range(WEEKS)]


def test_a_model_replaces_the_shares_and_its_weeks_are_sound_and_judged(played: dict[str, Any]) -> None:
    is_promoted, reason = played["trained"]
    assert is_promoted, reason
    for night in played["nights"]:
        assert (night["scored"]["rows"], night["scored"]["degraded_reason"]) == (A_WEEK, "")
        assert night["verdict"] in ("ok", "warning")


def test_a_week_is_predicted_by_its_cutoff_near_the_best_there_can_be(
    played: dict[str, Any], made: tuple[Path, MadeProject]
) -> None:
    one, rows = made[1].answers["one"], made[1].rows.set_index("number")
    found = pd.DataFrame(played["predictions"])
    found = found[found["night"] == found["night"].max()]  # the model serves from the second on
    ahead = pd.to_datetime(found[f"{one}_date"]) - pd.to_datetime(found["night"])
    assert sorted(set(ahead.dt.days)) == list(range(7, 14))
    best = find_fate_chances(rows.loc[found[f"{one}_id"]])
    own = found[COLUMNS].astype(float).to_numpy()
    cross = -(best * np.log(own)).sum(axis=1).mean()
    entropy = -np.where(best > 0, best * np.log(np.where(best > 0, best, 1)), 0).sum(axis=1).mean()
    shares = find_fate_chances(rows).mean(axis=0)
    assert cross < entropy + 0.25 * (-(shares * np.log(shares)).sum() - entropy)
