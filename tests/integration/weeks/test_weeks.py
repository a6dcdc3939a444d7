"""A project whose nights are weeks is taken in, built and published like any other, over a week that does not exist.

It sells on Lord Howe, where half an hour came twice at the cutoff of the week from 29 March to 5 April 2026.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from redeye.foundation.settings import ENGINE
from redeye.review.generate import generate

FIRST, LAST = date(2026, 3, 29), date(2026, 4, 19)
FILES = {
    "redeye.yaml": """
project: shop
clock:
  zone: Australia/Lord_Howe
  every: week
  cutoff: SUN 01:45
  skip: [2026-04-12]
  history_from: 2026-03-29
datasets:
  sales:
    files: {url: sales.csv}
    known_at: {column: sold_at}
    changes: {mode: append}
subject:
  one: shop
  many: shops
  key: shop_id
  day: week
  time: entity_at
  columns:
    shop_id: {type: text, description: The shop.}
    week: {type: date, description: The week.}
    entity_at: {type: instant, description: When it begins.}
  shown: [shop_id]
""",
    "expectations/arrivals/sales.odcs.yaml": """
apiVersion: v3.1.0
kind: DataContract
id: sales
name: sales
version: 1.0.0
status: active
customProperties:
  - {property: redeye.mayBeAbsent, value: false, description: It is one file.}
  - {property: redeye.mayBeEmpty, value: false, description: Something is sold each week.}
schema:
  - name: sales
    description: What was sold.
    dataGranularityDescription: One row per sale.
    properties:
      - {name: sale_id, logicalType: string, required: true, primaryKey: true}
      - {name: sold_at, logicalType: timestamp, required: true}
      - {name: units, logicalType: integer, required: true}
      - {name: known_at, logicalType: timestamp, required: true}
      - {name: night, logicalType: date, required: true, primaryKey: true}
""",
    "expectations/releases/fct_weeks.yml": """
description: The weeks of a release.
key: [night]
types: {night: date, entity_at: timestamp, units: int, entity_minutes_after_cutoff: int}
expectations:
  - expect: expect_column_values_to_be_between
    column: entity_minutes_after_cutoff
    kwargs: {min_value: 0, max_value: 0}
    because: A week is predicted at its cutoff.
""",
    "dbt/models/staging/_sources.yml": """
sources:
  - name: raw
    database: warehouse
    schema: raw
    tables: [{name: build_window}, {name: shop__sales}]
""",
    "dbt/models/staging/stg_shop__sales.sql": "select * from {{ source('raw', 'shop__sales') }}\n",
    "dbt/models/marts/fct_weeks.sql": """
select
    night,
    {{ cutoff('night') }} as entity_at,
    cast(sum(units) as integer) as units
from {{ ref('stg_shop__sales') }}
where night between {{ first_night() }} and {{ last_night() }}
group by all
""",
    "dbt/models/marts/_models.yml": """
models:
  - name: fct_weeks
    columns:
      - {name: night, data_type: date}
      - {name: entity_at, data_type: timestamp}
      - {name: units, data_type: integer}
""",
}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip(), encoding="utf-8")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ENGINE / "dbt" / name, root / "dbt")
    begin = datetime(2026, 3, 28, 16, tzinfo=UTC)
    sold = [begin + number * timedelta(minutes=15) for number in range(28 * 96)]
    rows = "".join(f"{number},{at:%Y-%m-%dT%H:%M:%SZ},1\n" for number, at in enumerate(sold))
    (root / "sales.csv").write_text(f"sale_id,sold_at,units\n{rows}")
    generate(root)
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("play_weeks.py")),
            str(root / "home"),
            str(FIRST),
            str(LAST),
            "SELECT night, entity_at, units FROM warehouse.marts.fct_weeks ORDER BY night",
        ],
        env={**os.environ, "REDEYE_PROJECT": str(root), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_each_week_that_exists_is_released(played):
    assert played["releases"] == ["2026-03-29.r1", "2026-04-05.r1", "2026-04-19.r1"]
    assert [night for night, _, _ in played["weeks"]] == ["2026-03-29", "2026-04-05", "2026-04-19"]


def test_a_week_that_does_not_exist_is_no_gap_and_is_waited_for_by_nothing(played):
    assert played["missing"] == {"2026-03-29": "2026-04-05", "2026-04-05": "None", "2026-04-19": "None"}
    assert played["unknown"] == []


def test_sql_and_python_end_each_week_at_the_same_instant(played):
    assert [at for _, at, _ in played["weeks"]] == played["cutoffs"]
    # 01:45 comes at 14:45 and at 15:15 UTC; afterwards the clock is half an hour earlier.
    assert played["cutoffs"] == ["2026-04-04 14:45:00", "2026-04-18 15:15:00", "2026-04-25 15:15:00"]


def test_every_sale_is_of_the_week_at_whose_cutoff_it_is_known(played):
    quarters = timedelta(minutes=15)
    ends = [datetime(2026, 3, 28, 16) - quarters, *map(datetime.fromisoformat, played["cutoffs"])]  # noqa: DTZ001
    expected = [int((end - start) / quarters) for start, end in pairwise(ends)]
    assert [units for _, _, units in played["weeks"]] == expected


def test_a_release_keeps_the_version_of_the_zones_rules(played):
    assert len(played["audits"]) == 3
    assert all(detail["tzdata"][:4].isdigit() for detail in played["audits"])
