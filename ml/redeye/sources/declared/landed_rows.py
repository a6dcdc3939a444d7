"""What has landed of a declared dataset: the only memory that its source has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

import pyarrow as pa

from redeye.sources import landing_store
from redeye.sources.logic.deliveries import Delivery, DeliveryRef

ORDER = "_order"
"""The column that says of landed rows which came later."""


class AcceptedDeliveries(Protocol):
    """What of the ledger of deliveries is asked for."""

    def deliveries(self, first: date, last: date, *, accepted_only: bool = True) -> list[DeliveryRef]:
        """Deliveries of the nights `first` to `last`, oldest first."""
        ...


def list_landed(ledger: AcceptedDeliveries, source: str, dataset: str) -> dict[date, list[DeliveryRef]]:
    """The accepted deliveries of a dataset by night, the version that stands last."""
    found: dict[date, list[DeliveryRef]] = {}
    for ref in ledger.deliveries(date.min, date.max):
        if (ref.source, ref.dataset) == (source, dataset):
            found.setdefault(ref.night, []).append(ref)
    return {night: sorted(refs, key=lambda ref: ref.arrival_night) for night, refs in sorted(found.items())}


def deliver_again(ref: DeliveryRef) -> Delivery:
    """A delivery as it landed, which is no change."""
    return Delivery(
        ref.source,
        ref.dataset,
        ref.night,
        landing_store.read(ref),
        is_stated_empty=ref.is_stated_empty,
        parent=ref.parent,
    )


def read_landed(refs: Iterable[DeliveryRef], columns: tuple[str, ...]) -> pa.Table | None:
    """The rows of deliveries, those that were set aside too, in the order in which they came; None if there are none.

    Those of the columns that every one of them has, and `_order`.
    """
    tables = []
    for order, ref in enumerate(sorted(refs, key=lambda ref: (ref.arrival_night, ref.night))):
        if ref.is_stated_empty:
            continue
        table = landing_store.read(landing_store.find_parent(ref) if ref.parent else ref)
        tables.append(table.append_column(ORDER, pa.array([order] * table.num_rows, pa.int64())))
    if not tables:
        return None
    common = [name for name in columns if all(name in table.column_names for table in tables)]
    return pa.concat_tables([table.select([*common, ORDER]) for table in tables])
