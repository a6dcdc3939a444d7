"""Facts that are declared once: changed in a copy of the project, every consumer follows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from redeye.foundation.settings import PROJECT_ROOT

pytestmark = pytest.mark.integration

PARTS = ("dbt", "expectations", "feature_repo", "ml", "plugins")
CHANGES = {
    "  zone: America/New_York": "  zone: America/Chicago",
    'cutoff: "03:00"': 'cutoff: "04:30"',
    "late_minutes: 15": "late_minutes: 20",
    "delay_windows: [1, 7, 28]": "delay_windows: [1, 3, 7, 28]",
    "plane_window: 28": "plane_window: 14",
    "airport_zone: America/New_York": "airport_zone: America/Denver",
}
DELAY_KEYS = (
    "carrier",
    "origin",
    "destination",
    "route",
    "flight_number",
    "origin_hour",
    "carrier_origin_hour",
)
PER_WINDOW = ("flights", "late_flights", "late_rate", "mean_delay_minutes", "cancelled_rate")
# What each consumer of the copy has, asked in the copy's own process.
ASK = """
import json
from datetime import date
from airflow.timetables.base import TimeRestriction
from redeye.audits.suite_files import load_suite
from redeye.declarations.calendar import cutoff, find_start
from redeye.features.feast_import import import_feast
from redeye.warehouse import dbt_project
from flights import faulty_source
from flights.arrivals import clocks, profiles
from flights.release_frames import release_queries
from redeye_airflow.timetables import NightTimetable

import_feast()
import views

night = date(2013, 7, 1)
timetable = NightTimetable(night, night)
first = timetable.next_dagrun_info(
    last_automated_data_interval=None, restriction=TimeRestriction(None, None, True)
)
project = dbt_project.compile_apart()
declared = [each for each in vars(views).values() if type(each).__name__ == "FeatureView"]
print("ANSWER" + json.dumps({
    "starts": find_start(night).isoformat(),
    "ends": cutoff(night).isoformat(),
    "timetable": [timetable.summary, first.run_after.in_timezone("UTC").isoformat()],
    "late": [profiles.LATE_MINUTES, faulty_source.LATE_MINUTES],
    "airports": clocks.AIRPORT_ZONE.key,
    "queries": release_queries(),
    "suite": load_suite("releases/feat_delays").model_dump(mode="json"),
    "views": {view.name: [field.name for field in view.features] for view in declared},
    "sql": {name: model.sql for name, model in project.models.items()},
    "columns": {name: list(model.columns) for name, model in project.models.items()},
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the consumers say in a copy in which every declared fact is another."""
    root = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        shutil.copytree(PROJECT_ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    text = (PROJECT_ROOT / "redeye.yaml").read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (root / "redeye.yaml").write_text(text, encoding="utf-8")
    paths = os.pathsep.join(str(root / each) for each in ("ml", "plugins", "feature_repo"))
    env = {**os.environ, "PYTHONPATH": paths, "REDEYE_HOME": str(root / "home")}

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=root, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("-m", "redeye", "generate")
    return dict(json.loads(run("-c", ASK).rpartition("ANSWER")[2]))


def test_nights_end_by_the_declared_clock_in_python_sql_and_airflow(copy: dict[str, Any]) -> None:
    assert (copy["starts"], copy["ends"]) == ("2013-07-01T09:30:00+00:00", "2013-07-02T09:30:00+00:00")
    assert copy["timetable"] == ["04:30 Chicago", "2013-07-02T09:30:00+00:00"]
    tables = [name for name in copy["sql"] if name.startswith("features.")]
    assert len(tables) > len(DELAY_KEYS)
    for name in (*tables, "staging.stg_nycflights13__schedule"):
        assert "+ interval 4 hour + interval 30 minute" in copy["sql"][name], name
        assert "'America/Chicago'" in copy["sql"][name], name
    assert "INTERVAL 4 HOUR + INTERVAL 30 MINUTE" in copy["queries"]["feat_delays"]
    said = {name for name, text in {**copy["sql"], **copy["queries"]}.items() if "America/New_York" in text}
    assert said == set()


def test_a_flight_is_late_from_the_declared_minutes_on(copy: dict[str, Any]) -> None:
    assert copy["late"] == [20, 20]
    for name, column in {
        "marts.fct_flights": "arrival_delay_minutes",
        "intermediate.int_delays__summed": "previous_arrival_delay_minutes",
        "features.feat_origin__evening": "departure_delay_minutes",
    }.items():
        assert f"{column} >= 20" in copy["sql"][name]
    assert "arrival_delay_minutes >= 20" in copy["queries"]["fct_flights"]
    assert [
        name for name, text in {**copy["sql"], **copy["queries"]}.items() if "minutes >= 15" in text
    ] == []


def test_a_window_of_delays_that_is_added_is_in_table_view_and_audit(copy: dict[str, Any]) -> None:
    """The tables were built under contract, so that YAML and SQL have the same columns."""
    new = {f"{measure}_3n" for measure in PER_WINDOW}
    for key in DELAY_KEYS:
        assert new <= set(copy["columns"][f"features.feat_{key}__delays"]), key
        assert new <= set(copy["views"][f"{key}_delays"]), key
        assert "night < first_known_night + 3" in copy["sql"][f"features.feat_{key}__delays"], key
    assert new <= set(copy["suite"]["types"])
    assert new - {"flights_3n", "late_flights_3n"} <= set(copy["suite"]["may_be_null"])
    assert "flights_1n > flights_3n" in copy["queries"]["feat_delays"]
    assert "flights_3n > flights_7n" in copy["queries"]["feat_delays"]


def test_the_usual_plane_is_told_from_the_declared_nights(copy: dict[str, Any]) -> None:
    sql = copy["sql"]["features.feat_flight_number__plane"]
    assert "range(14)" in sql
    assert "- 13" in sql
    assert "27" not in sql


def test_what_clocks_at_airports_show_is_a_fact_of_its_own(copy: dict[str, Any]) -> None:
    assert copy["airports"] == "America/Denver"
    assert "'America/Denver'" in copy["sql"]["staging.stg_nycflights13__schedule"]
