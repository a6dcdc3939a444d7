"""An audit is given the nights before, and what is referred to however long ago it came."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from redeye.sources import landing_store
from redeye.sources.earlier_deliveries import read_history
from redeye.sources.logic.deliveries import Delivery, DeliveryRef

NIGHT, LONG_AGO = date(2013, 9, 3), date(2012, 12, 31)


class Ledger:
    def __init__(self, root: Path, *landed: tuple[str, date]) -> None:
        self.refs = [
            landing_store.land(root, Delivery("demo", dataset, night, pa.table({"code": [str(night)]})))
            for dataset, night in landed
        ]

    def deliveries(self, first: date, last: date, *, accepted_only: bool = True) -> list[DeliveryRef]:
        return [ref for ref in self.refs if first <= ref.night <= last]

    def find_newest_delivery(self, source: str, dataset: str, before: date) -> DeliveryRef | None:
        found = [ref for ref in self.refs if ref.dataset == dataset and ref.night < before]
        return max(found, key=lambda ref: ref.night, default=None)


def read(ledger: Ledger, *judged: str) -> dict[str, list[date]]:
    found = read_history(ledger, "demo", NIGHT, NIGHT, {(dataset, NIGHT) for dataset in judged})
    return {dataset: [ref.night for ref, _ in arrived] for dataset, arrived in found.items()}


def test_what_rows_refer_to_is_there_however_old(tmp_path: Path) -> None:
    ledger = Ledger(
        tmp_path, ("planes", LONG_AGO), ("outcomes", NIGHT - timedelta(days=1)), ("outcomes", NIGHT)
    )
    assert read(ledger, "outcomes") == {"planes": [LONG_AGO], "outcomes": [NIGHT - timedelta(days=1)]}


def test_a_registry_that_comes_again_is_held_against_what_it_replaces(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, ("planes", LONG_AGO), ("planes", NIGHT), ("outcomes", NIGHT))
    assert read(ledger, "planes") == {"planes": [LONG_AGO], "outcomes": [NIGHT]}


def test_what_nothing_refers_to_is_not_looked_for(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, ("planes", LONG_AGO), ("weather", LONG_AGO))
    assert read(ledger, "weather") == {}
