"""Declared files in a bucket: one for all nights, and some for each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from upath import UPath

from redeye.declarations.datasets import DeclaredDataset
from redeye.sources.declared.declared_rows import DeclaredRows
from redeye.sources.logic.deliveries import Dataset

pytestmark = pytest.mark.integration
TYPES = {"id": "BIGINT", "known_at": "TIMESTAMP"}
DATASET = Dataset("orders", ("id", "known_at"), TYPES, ("id",))


def read(url: str) -> DeclaredRows:
    declared = {"files": {"url": url}, "known_at": "delivery", "changes": {"mode": "append"}}
    return DeclaredRows(DeclaredDataset.model_validate(declared), DATASET, Path("/nowhere"))


def test_files_of_a_bucket_are_found_and_read(bucket: str) -> None:
    for name, rows in (
        ("orders.csv", "id\n1\n"),
        ("n/2026/03-01-a.csv", "id\n2\n"),
        ("n/2026/03-01-b.csv", "id\n3\n"),
    ):
        UPath(f"{bucket}/{name}").write_text(rows)
    assert read(f"{bucket}/orders.csv").read().to_pydict() == {"id": ["1"]}
    nightly = read(f"{bucket}/n/{{night:%Y/%m-%d}}-*.csv")
    assert nightly.list_days() == [date(2026, 3, 1)]
    found = nightly.read_files(date(2026, 3, 1))
    assert found is not None
    assert found.to_pydict() == {"id": ["2", "3"]}
    assert nightly.read_files(date(2026, 3, 2)) is None
    # What another process puts is seen at once.
    UPath(f"{bucket}/n/2026/03-02-a.csv").write_text("id\n4\n")
    assert nightly.list_days() == [date(2026, 3, 1), date(2026, 3, 2)]
