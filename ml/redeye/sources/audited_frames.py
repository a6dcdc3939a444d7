"""The frames that an audit of deliveries reads."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from redeye.audits.contract_files import ARRIVALS
from redeye.sources.logic.deliveries import DeliveryRef

Arrived = list[tuple[DeliveryRef, pa.Table]]
"""Deliveries with their rows."""


def make_text_frames(batches: Mapping[str, Arrived]) -> dict[str, pd.DataFrame]:
    """The rows of several nights in one frame of text, with their `night`, by suite."""
    return {
        f"{ARRIVALS}{dataset}": _join([_add_night(ref, frame) for ref, frame in batch]).to_pandas()
        for dataset, batch in batches.items()
    }


def _add_night(ref: DeliveryRef, frame: pa.Table) -> pa.Table:
    return frame.append_column("night", pa.array([ref.night.isoformat()] * frame.num_rows, pa.string()))


def _join(tables: list[pa.Table]) -> pa.Table:
    """One table; earlier nights may lack columns that a dataset has had since."""
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")
