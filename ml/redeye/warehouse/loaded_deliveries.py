"""What the head has loaded, by the ledger: the past of a raw table that is new in an installation."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import read_rows
from redeye.sources import delivery_store
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.warehouse.logic.releases import newest
from redeye.warehouse.release_store import HELD


def list_loaded_deliveries() -> list[DeliveryRef]:
    """The deliveries that the head holds, as their builds loaded them: each with the night that it arrived with then.

    What another had replaced before any build took it in was never loaded, and what was refused since is there until
    the next build goes on without it.
    """
    columns = ", ".join(f"d.{name}" for name in delivery_store.COLUMNS.split(", "))
    rows = read_rows(
        Catalog.WAREHOUSE,
        f"SELECT b.release_id, b.first_night, {HELD} AND b.is_last, {columns} FROM ledger.judged_deliveries AS d "
        "JOIN (SELECT rd.*, r.first_night, r.recorded_seq, r.recorded_seq = max(r.recorded_seq) OVER ("
        "PARTITION BY rd.source, rd.dataset, rd.night, rd.content_hash) AS is_last "
        "FROM ledger.release_deliveries AS rd JOIN ledger.releases AS r USING (release_id)) AS b "
        "USING (source, dataset, night, content_hash) ORDER BY b.recorded_seq",
    )
    loaded: list[DeliveryRef] = []
    for _, of_release in groupby(rows, key=lambda row: row[0]):
        taken_in = [(*row[1:3], delivery_store.make_delivery(row[3:])) for row in of_release]
        kept = newest(ref for _, _, ref in taken_in)
        loaded += [
            replace(ref, arrival_night=max(ref.arrival_night, first))
            for first, is_held, ref in taken_in
            if is_held and ref in kept
        ]
    return loaded
