"""Names of files that say of which night or day they are."""

from __future__ import annotations

from datetime import date

import pytest

from redeye.declarations.file_names import FileNames

DAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("url", "named", "everything"),
    [
        ("s3://b/{day:%Y-%m-%d}.csv", "s3://b/2026-03-09.csv", "s3://b/*-*-*.csv"),
        ("a/{night:%Y}/{night:%m%d}-*.csv", "a/2026/0309-*.csv", "a/*/*-*.csv"),
        ("a/{day:%Y/%j}.parquet", "a/2026/068.parquet", "a/*/*.parquet"),
    ],
)
def test_a_date_names_its_files_and_is_read_from_their_names(url, named, everything):
    names = FileNames.parse(url)
    assert names.name_files(DAY) == named
    assert names.name_all() == everything
    assert names.read_date("/root/" + named.removeprefix("s3://").replace("*", "x")) == DAY


def test_files_that_are_named_otherwise_are_none_of_them():
    names = FileNames.parse("a/{day:%Y-%m-%d}.csv")
    for path in ("a/2026-13-01.csv", "a/2026-03-09.csv.bak", "a/notes.csv", "b/2026-03-09.csv"):
        assert names.read_date(path) is None


def test_a_name_without_a_date_is_of_all_time():
    assert FileNames.parse("a/*.csv").word is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("{nigt:%Y-%m-%d}.csv", "'nigt' is nothing that files are named after"),
        ("{night:%Y-%m}.csv", "says no whole date"),
        ("{night}.csv", "says no whole date"),
        ("{night:%Y-%m-%d-%H}.csv", "%H is not known here; use %Y, %m, %d, %j"),
        ("{night:%Y-%m-%d}-{day:%Y-%m-%d}.csv", "after a night and after a day"),
        ("{night:%Y-%m-%d.csv", "a brace without its other half"),
    ],
)
def test_a_brace_that_is_no_whole_date_is_refused(url, said):
    with pytest.raises(ValueError, match=said):
        FileNames.parse(url)
