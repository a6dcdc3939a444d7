"""The frames that a candidate release is audited by: its newest rows, and aggregates in SQL.

Bounded whatever the size of the warehouse: the night's rows, or those of the last seven nights of a
bulk. What they are is the project's to say (`redeye.yaml`, `audits.releases`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from redeye.audits.contract_files import EXPECTATIONS_ROOT
from redeye.audits.declared_checks import NULL_SHARES, RELEASES, release_queries
from redeye.audits.suite_files import load_suite
from redeye.declarations.calendar import shift_nights

WINDOW_NIGHTS = 7
NullShares = dict[str, dict[str, tuple[float, float | None]]]
"""By night and feature: the share of rows without a value, and the most of the nights before, if there are any."""


def release_frames(
    con: duckdb.DuckDBPyConnection, first: date, last: date, *, root: Path = EXPECTATIONS_ROOT
) -> dict[str, pd.DataFrame]:
    """The frames to audit of the nights `first` to `last`, by suite; at most the last seven nights.

    `root` is the folder of the suites.

    Raises:
        ConfigError: if the project's queries cannot be loaded.
        duckdb.Error: if a relation or a column that the audit needs is not there.
    """
    since = max(first, shift_nights(last, 1 - WINDOW_NIGHTS))
    window = {"first": since, "last": last}
    frames = {}
    for name, query in release_queries().items():
        suite = f"{RELEASES}{name}"
        frame = con.execute(query, window if "$" in query else None).df()
        frames[suite] = _in_stated_order(frame, list(load_suite(suite, root).types))
    return frames


def list_null_shares(frames: Mapping[str, pd.DataFrame]) -> NullShares:
    """Of the frames of a release, by night and feature the share of rows without a value, and the most before."""
    shares = frames.get(NULL_SHARES)
    found: NullShares = {}
    for row in shares.to_dict("records") if shares is not None else ():
        most = None if pd.isna(row["most_before"]) else round(float(row["most_before"]), 4)
        of_night = found.setdefault(pd.Timestamp(row["night"]).date().isoformat(), {})
        of_night[f"{row['feature_table']}.{row['feature']}"] = (round(float(row["null_share"]), 4), most)
    return found


def _in_stated_order(frame: pd.DataFrame, stated: list[str]) -> pd.DataFrame:
    """The suite's columns first, in its order; others stay, for the audit to refuse."""
    present = [column for column in stated if column in frame.columns]
    return frame[[*present, *(column for column in frame.columns if column not in stated)]]
