"""A project that was written for days counts in weeks when its clock does: labels come, and windows are of weeks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from made_projects import make_project

from redeye.review.generate import generate
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.write_project import write_project

FIRST, WEEKS, ROWS_A_DAY = date(2026, 1, 5), 4, 2
QUERY = """
SELECT night, count(*), count(is_failed), min(any_history.rows_1n), min(any_history.rows_7n)
FROM warehouse.marts.fct_{many}
JOIN warehouse.features.feat_any_{one}__history AS any_history USING (night)
GROUP BY ALL ORDER BY night
"""


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """Of each night: rows, labels, and how many outcomes of the last week and the last seven are known."""
    root = tmp_path_factory.mktemp("weeks") / "project"
    made = make_project(root, 11, first=FIRST, nights=7 * WEEKS, rows_a_night=ROWS_A_DAY)
    answers = Answers.model_validate(made.answers | {"zone": "Europe/Madrid", "cutoff": "04:00"})
    write_project(root, answers)
    declared = root / "redeye.yaml"
    text = declared.read_text(encoding="utf-8")
    declared.write_text(
        text.replace('cutoff: "04:00"', 'every: week\n  cutoff: "MON 04:00"'), encoding="utf-8"
    )
    generate(root)
    first = FIRST - timedelta(weeks=1)
    nights = (str(first), str(first + timedelta(weeks=WEEKS - 1)))
    query = QUERY.format(one=answers.one, many=answers.many)
    script = str(Path(__file__).with_name("play_weeks.py"))
    done = subprocess.run(
        [sys.executable, script, str(root / "home"), *nights, query],
        env={**os.environ, "REDEYE_PROJECT": str(root), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: list[list[Any]] = json.loads(done.stdout.splitlines()[-1])["weeks"]
    return found


def test_each_night_has_a_weeks_rows_and_all_but_the_newest_their_labels(weeks: list[list[Any]]) -> None:
    a_week = 7 * ROWS_A_DAY
    assert [row[1] for row in weeks] == [a_week] * WEEKS
    assert [row[2] for row in weeks] == [a_week] * (WEEKS - 1) + [0]


def test_windows_of_features_are_counted_in_weeks(weeks: list[list[Any]]) -> None:
    a_week = 7 * ROWS_A_DAY
    assert [row[3] for row in weeks] == [0] + [a_week] * (WEEKS - 1)
    assert [row[4] for row in weeks] == [number * a_week for number in range(WEEKS)]
