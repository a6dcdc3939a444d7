"""What a person is told to try is there to be tried."""

from __future__ import annotations

import shlex
from datetime import date
from typing import Any

import typer

from redeye.cli import app
from redeye.cli.next_steps import list_next_steps
from redeye.foundation.settings import ENGINE, PROJECT_ROOT, settings

HEAD, FINAL = date(2013, 4, 3), date(2013, 12, 30)
ID = "flight_delay/live/2013-04-04_EV_4204_EWR_OKC_2000"


def test_the_page_and_the_commands_are_those_of_this_project():
    steps = dict(list_next_steps(ID, HEAD, FINAL))
    open_, explain, play, edit = steps.values()
    assert open_ == f"{settings().public_airflow_url}/redeye/nights/2013-04-03"
    assert explain == f"./redeye explain {ID}"
    commands: Any = typer.main.get_command(app)
    assert shlex.split(explain)[1] in commands.commands
    assert play == "make backfill FROM=2013-04-04 TO=2013-04-10"
    assert edit == "make impact"
    named = next(what for what in steps if what.startswith("Edit")).split(", ")[1].removeprefix("such as ")
    assert (PROJECT_ROOT / named).is_file()


def test_no_night_is_named_that_the_source_has_not():
    told = dict(list_next_steps(ID, date(2013, 12, 28), FINAL)).values()
    assert "make backfill FROM=2013-12-29 TO=2013-12-30" in told
    assert not [how for how in dict(list_next_steps(ID, FINAL, FINAL)).values() if "backfill" in how]


def test_a_project_without_feature_models_is_not_told_to_edit_one(tmp_path):
    assert "make impact" not in dict(list_next_steps(ID, HEAD, FINAL, tmp_path)).values()


def test_a_project_elsewhere_is_told_commands_that_it_has(tmp_path):
    told = dict(list_next_steps(ID, HEAD, FINAL, tmp_path)).values()
    assert f"{ENGINE / 'redeye'} explain {ID}" in told
    assert f"{ENGINE / 'redeye'} backfill 2013-04-04 2013-04-10" in told
    assert not [how for how in told if how.startswith("make")]
