"""What a sample of the data shows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from redeye.foundation.errors import ConfigError
from redeye.review.new_project.sample import (
    describe_columns,
    list_columns,
    list_values,
    read_dates,
    read_sample,
)

ROWS = """\
number,starts,size,missed
1,2026-01-01T08:00:00,2.5,true
2,2026-01-01T09:00:00,,false
3,2026-01-02T08:00:00,7,true
"""
WANTED = ("number", "starts", "size", "missed")


def write(folder: Path, text: str = ROWS) -> str:
    path = folder / "it's.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_types_gaps_bounds_and_nights_are_seen(tmp_path: Path) -> None:
    found = read_sample(write(tmp_path), time="starts", key=["number"], wanted=WANTED)
    assert {name: column.type for name, column in found.columns.items()} == {
        "number": "BIGINT",
        "starts": "TIMESTAMP",
        "size": "DOUBLE",
        "missed": "BOOLEAN",
    }
    assert found.columns["size"].has_gaps
    assert found.columns["size"].bounds == (2.5, 7.0)
    assert (found.rows, found.dates) == (3, (date(2026, 1, 1), date(2026, 1, 2)))


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_other_files_are_read_alike(tmp_path: Path, ending: str) -> None:
    path, kind = tmp_path / f"rows.{ending}", "PARQUET" if ending == "parquet" else "JSON"
    duckdb.sql(
        f"COPY (FROM read_csv('{write(tmp_path).replace(chr(39), chr(39) * 2)}')) TO '{path}' (FORMAT {kind})"
    )
    found = read_sample(str(path), time="starts", key=["number"], wanted=WANTED)
    assert found.columns["size"].bounds == (2.5, 7.0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"wanted": ("number", "starts", "lenght")}, "no column lenght; it has number, starts, size, missed"),
        ({"time": "size"}, "size is DOUBLE, no date or instant"),
        ({"key": ["missed"]}, r"key \(missed\) does not tell rows apart, such as True"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    given = {"time": "starts", "key": ["number"], "wanted": WANTED, **changed}
    with pytest.raises(ConfigError, match=message):
        read_sample(write(tmp_path), **given)  # type: ignore[arg-type]


def test_a_file_that_is_not_there_or_has_no_rows_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv cannot be read"):
        read_sample(str(tmp_path / "none.csv"), time="a", key=["a"], wanted=["a"])
    path = tmp_path / "none.parquet"
    duckdb.sql(f"COPY (SELECT DATE '2026-01-01' AS a LIMIT 0) TO '{path}'")
    with pytest.raises(ConfigError, match="has no rows"):
        read_sample(str(path), time="a", key=["a"], wanted=["a"])


def test_dates_are_those_of_the_zones_clock_where_the_file_says_instants(tmp_path: Path) -> None:
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    assert read_dates(write(tmp_path), "starts", "Asia/Tokyo") == (first, second)
    late = ROWS.replace("2026-01-02T08:00:00", "2026-01-01T19:00:00").replace("00:00,", "00:00Z,")
    path = write(tmp_path, late)
    assert read_dates(path, "starts", "UTC") == (first,)
    assert read_dates(path, "starts", "Asia/Tokyo") == (first, second)
    assert read_sample(path, time="starts", key=["number"], wanted=WANTED, zone="Asia/Tokyo").dates == (
        first,
        second,
    )
    assert read_dates(path, "size", "UTC") == ()


def test_columns_are_listed(tmp_path: Path) -> None:
    assert list_columns(write(tmp_path)) == list(WANTED)
    with pytest.raises(ConfigError, match="cannot be read"):
        list_columns(str(tmp_path / "none.csv"))


def test_values_come_as_text_the_rarest_first(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS + "4,2026-01-02T09:00:00,7,true\n5,2026-01-02T10:00:00,1,true\n")
    assert list_values(path, "missed") == ["false", "true"]
    assert list_values(path, "size") == ["1.0", "2.5", "7.0"]


def test_columns_are_described_for_people(tmp_path: Path) -> None:
    assert describe_columns(write(tmp_path))[2] == "size: double, 2.5 to 7.0, 33.33 % missing"
