"""A project that declares its datasets is taken in night by night, by files, Postgres and Python, as they change."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from psycopg2.extensions import parse_dsn
from throwaway import Stack
from waiting import PATIENCE_SECONDS

from redeye.foundation.settings import ENGINE

pytestmark = [pytest.mark.integration]
HERE = Path(__file__).parent
FIRST_END, SECOND_END, THIRD_END = (f"2026-03-0{day}T22:15:00Z" for day in (1, 2, 3))


@pytest.fixture(scope="module")
def found(stack_env: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(HERE / "made_shop", folder, dirs_exist_ok=True)
    to = parse_dsn(stack_env.postgres.dsn("postgres"))
    url = sa.URL.create(
        "postgresql+psycopg2",
        to["user"],
        to.get("password"),
        to.get("host"),
        int(to["port"]),
        to["dbname"],
    ).render_as_string(hide_password=False)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ENGINE / "ml"),
        "REDEYE_PROJECT": str(folder),
        "SHOP_DB": url,
    }
    ended = subprocess.run(
        [sys.executable, str(HERE / "take_in_shop.py")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr[-6000:]
    story: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return story


def test_a_night_that_was_killed_is_done_again_and_then_nothing_is_new(found):
    assert found["killed"] == signal.SIGKILL
    assert 0 < found["judged by the one that was killed"] < len(found["first"])
    assert found["first"] == {
        "orders 1": [
            False,
            ["1", "2026-02-28T23:15:00Z", "10", "2026-02-28T23:15:00Z"],
            ["2", "2026-03-01T22:14:59Z", "20", "2026-03-01T22:14:59Z"],
        ],
        "readings 1": [False, ["r1", "1.5", FIRST_END]],
        "prices 1": [
            False,
            *(
                [item, price, "2026-03-01T12:00:00Z", "false", "2026-03-01T12:00:00Z"]
                for item, price in (("a", "1.50"), ("b", "2"))
            ),
        ],
        "clicks 1": [False, ["1", "2026-03-01", "2026-03-01T18:15:00Z"]],
    }
    assert found["again"] == {}


def test_a_night_without_its_file_is_refused_with_the_name_and_costs_no_other_dataset(found):
    assert "shop/readings/2026-03-02: there is no file " in found["refused"]
    assert "data/readings-2026-03-02.jsonl" in found["refused"]
    assert "orders" not in found["refused"]


def test_late_rows_changed_rows_and_gone_keys_come_with_the_night_that_finds_them(found):
    assert found["second"] == {
        "orders 2": [
            False,
            ["0", "2026-03-01T00:15:00Z", "5", SECOND_END],
            ["3", "2026-03-02T06:15:00Z", "30", "2026-03-02T06:15:00Z"],
        ],
        "readings 2": [False, ["r2", "2", SECOND_END]],
        "prices 2": [
            False,
            ["a", "3", "2026-03-02T12:00:00Z", "false", "2026-03-02T12:00:00Z"],
            ["b", "2", "2026-03-01T12:00:00Z", "true", SECOND_END],
            ["late", "4", "2026-03-01T21:00:00Z", "false", SECOND_END],
        ],
        "clicks 2": [False, ["2", "2026-03-02", "2026-03-02T18:15:00Z"]],
        # Overwritten, so that nothing is said of it before the data came as it happened.
        "shops 2": [False, ["x", "Xenia", "false", SECOND_END], ["y", "Yara", "false", SECOND_END]],
    }


def test_only_a_file_that_was_written_again_is_a_restatement(found):
    assert found["third"] == {
        "readings 1": [True, ["r1", "9", FIRST_END]],
        "orders 3": [False],
        "readings 3": [False, ["r3", "3", THIRD_END]],
        "prices 3": [False],
        "clicks 3": [False, ["3", "2026-03-03", "2026-03-03T18:15:00Z"]],
        "shops 3": [False, ["x", "Xenia", "true", THIRD_END], ["y", "Yolanda", "false", THIRD_END]],
    }
    assert found["at the end"] == {}
