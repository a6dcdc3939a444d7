"""A project that declares its datasets, in a folder of its own, and what of it lands, with a ledger in memory.

Its clock is that of this repository's project: nights end at 03:00 in New York.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from redeye.declarations.project import PROJECT_FILE, load_project
from redeye.sources import landing_store
from redeye.sources.declared.declared_source import DeclaredSource
from redeye.sources.logic.deliveries import DeliveryFault, DeliveryRef
from redeye.sources.logic.known_deliveries import KnownDeliveries

SOURCE = next(line for line in PROJECT_FILE.read_text().splitlines() if line.startswith("source:"))
CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
status: active
customProperties:
  - {{property: redeye.mayBeAbsent, value: true, description: It may lack in these tests.}}
  - {{property: redeye.mayBeEmpty, value: true, description: It may be empty in these tests.}}
schema:
  - name: {name}
    description: Rows of {name}.
    dataGranularityDescription: One row per key, as it was known then.
    properties:
{properties}
      - {{name: known_at, logicalType: timestamp, required: true}}
      - {{name: night, logicalType: date, required: true, primaryKey: true}}
"""
Rows = dict[date, list[tuple[str, ...]]]


class Made:
    """A project whose files a test writes."""

    def __init__(self, root: Path, ledger: Any) -> None:
        self.root, self.ledger = root, ledger
        (root / "expectations" / "arrivals").mkdir(parents=True)

    def declare(self, datasets: str, clock: str = "") -> DeclaredSource:
        """The source of some lines below `datasets:`, and some more below `clock:`."""
        path = self.root / "redeye.yaml"
        text = PROJECT_FILE.read_text().replace(SOURCE, f"datasets:\n{datasets}")
        path.write_text(text.replace("clock:\n", f"clock:\n{clock}", 1))
        return DeclaredSource(
            load_project(path),
            project_file=path,
            expectations=self.root / "expectations",
            ledger=self.ledger,
        )

    def promise(self, name: str, /, **types: str) -> None:
        """Write the contract of a dataset: the first column is its key."""
        lines = [
            f"      - {{name: {column}, logicalType: {kind}, required: true{', primaryKey: true' * (place == 0)}}}"
            for place, (column, kind) in enumerate(types.items())
        ]
        path = self.root / "expectations" / "arrivals" / f"{name}.odcs.yaml"
        path.write_text(CONTRACT.format(name=name, properties="\n".join(lines)))

    def write(self, name: str, *lines: str) -> None:
        """Write a file of lines."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))

    def take_in(self, source: DeclaredSource, first: date, last: date) -> list[DeliveryRef]:
        """Land and accept what the source delivers, as intake does; what is new of it."""
        known = KnownDeliveries(self.ledger.deliveries(first, date.max), last, None)
        new = []
        for each in source.fetch(first, last):
            assert not isinstance(each, DeliveryFault), each.message
            ref = known.place(landing_store.land(self.root / "landing", each))
            if ref:
                new.append(replace(ref))
        self.ledger.record_deliveries(new, is_accepted=True)
        return new


def read(refs: list[DeliveryRef]) -> Rows:
    """The rows of deliveries, by night."""
    return {
        ref.night: [tuple(row.values()) for row in landing_store.read(ref).to_pylist()]
        for ref in refs
        if ref.rows
    }


@pytest.fixture
def made(tmp_path: Path, ledger: Any) -> Made:
    return Made(tmp_path, ledger)


@pytest.fixture
def rows() -> Callable[[list[DeliveryRef]], Rows]:
    return read
