"""Rows of declared datasets that Python yields."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from redeye.foundation.errors import DeliveryError
from redeye.sources.declared.python_rows import read_rows


@pytest.fixture
def yields(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, code: str) -> str:
        (tmp_path / f"{name}.py").write_text(f"import pandas as pd, pyarrow as pa\n{code}")
        return f"{name}:rows"

    return write


def test_mappings_frames_and_tables_become_text(yields):
    named = yields(
        "made_parts",
        "def rows():\n    yield {'id': 1, 'x': None}\n"
        "    yield pd.DataFrame({'x': [float('nan'), 2.5], 'id': [2, 3]})\n"
        "    yield pa.table({'id': [4], 'x': ['y']})\n",
    )
    table = read_rows(named, ["id", "x"])
    assert sorted(zip(*table.to_pydict().values(), strict=True)) == [
        ("1", "NA"),
        ("2", "NA"),
        ("3", "2.5"),
        ("4", "y"),
    ]


def test_it_is_told_which_rows_are_needed_if_it_asks(yields):
    named = yields("made_bounds", "def rows(since, until):\n    yield {'id': since, 'x': until}\n")
    table = read_rows(named, ["id", "x"], until=datetime(2026, 3, 1, tzinfo=UTC))
    assert table.to_pydict() == {"id": ["NA"], "x": ["2026-03-01T00:00:00+00:00"]}


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("made_odd", "def rows():\n    yield 1\n", "made_odd:rows yielded int: yield mappings"),
        ("made_less", "def rows():\n    yield {'id': 1}\n", "made_less:rows has no column x; it has id"),
    ],
)
def test_what_yields_something_else_is_named(yields, name, code, said):
    with pytest.raises(DeliveryError, match=said):
        read_rows(yields(name, code), ["id", "x"])


def test_nothing_is_a_table_without_rows(yields):
    assert read_rows(yields("made_none", "def rows():\n    return []\n"), ["id"]) == pa.table(
        {"id": pa.array([], pa.string())}
    )
