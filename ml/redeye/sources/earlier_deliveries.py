"""What an audit compares a night's deliveries with: the newest accepted ones of earlier nights."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import date
from typing import Protocol

import pyarrow as pa

from redeye.audits.contract_files import find_contract
from redeye.audits.declared_checks import arrival_checks
from redeye.audits.logic.measures import OF_NEWEST
from redeye.audits.suite_files import find_rates
from redeye.declarations.calendar import shift_nights
from redeye.foundation.errors import DeliveryError
from redeye.sources import landing_store
from redeye.sources.logic.deliveries import DeliveryRef

log = logging.getLogger(__name__)


class AcceptedDeliveries(Protocol):
    """What of the ledger of deliveries is asked for."""

    def deliveries(self, first: date, last: date, *, accepted_only: bool = True) -> list[DeliveryRef]:
        """Deliveries of the nights `first` to `last`, oldest first."""
        ...

    def find_newest_delivery(self, source: str, dataset: str, before: date) -> DeliveryRef | None:
        """The newest one with rows, of a night before `before`; None if there is none."""
        ...


def read_history(
    ledger: AcceptedDeliveries, source: str, first: date, last: date, judged: Collection[tuple[str, date]]
) -> dict[str, list[tuple[DeliveryRef, pa.Table]]]:
    """The newest accepted deliveries of the nights before `first` and up to `last`, by dataset.

    Args:
        ledger: of deliveries.
        source: whose they are.
        first: first night that is judged.
        last: last night that is judged.
        judged: dataset and night of what is judged, which is left out.
    """
    newest: dict[tuple[str, date], DeliveryRef] = {}
    for ref in ledger.deliveries(shift_nights(first, -arrival_checks().history_nights), last):
        if ref.source == source and not ref.is_stated_empty:
            newest[ref.dataset, ref.night] = ref
    # What is referred to may have come long before: what rows are held against, and what it replaces.
    rates = [
        (dataset, rate) for dataset in {dataset for dataset, _ in judged} for rate in find_rates(dataset)
    ]
    referred = {rate.dataset if rate.is_referring else dataset for dataset, rate in rates}
    referred |= {dataset for dataset, _ in judged if _compares_with_newest(dataset)}
    for dataset in sorted(referred - {dataset for dataset, night in newest if night < first}):
        if found := ledger.find_newest_delivery(source, dataset, first):
            newest[dataset, found.night] = found
    history: dict[str, list[tuple[DeliveryRef, pa.Table]]] = {}
    for place, ref in newest.items():
        if place in judged:
            continue
        try:
            frame = landing_store.read(ref)
        except DeliveryError as error:
            log.warning("nights %s to %s are audited without an earlier delivery: %s", first, last, error)
            continue
        history.setdefault(ref.dataset, []).append((ref, frame))
    return history


def _compares_with_newest(dataset: str) -> bool:
    return any(each.value in OF_NEWEST for each in find_contract(dataset).measures.values())
