"""Marks the readings that a contract says must come and that did not, so that nobody takes their absence for calm."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from redeye.audits.contract_files import ARRIVALS, find_contract
from redeye.audits.failing_rows import format_rows
from redeye.audits.logic.audit_result import EXAMPLES_SHOWN, Finding, Mark, Treatment
from redeye.audits.logic.continuity import find_gaps
from redeye.audits.logic.earlier_nights import NIGHT
from redeye.audits.logic.known_times import find_night_bounds


def mark_missing_readings(suite: str, typed: pd.DataFrame, root: Path) -> tuple[Finding, ...]:
    """One finding per night that lacks readings; none where the contract does not say how often series are read.

    Args:
        suite: `arrivals/<dataset>`.
        typed: its rows with the columns of the contract.
        root: folder of the suites.
    """
    said = find_contract(suite.removeprefix(ARRIVALS), root).terms.continuity
    if said is None or said.every_minutes is None:
        return ()
    starts, ends = find_night_bounds(typed[NIGHT])
    every = pd.Timedelta(minutes=said.every_minutes)
    gaps = find_gaps(typed, group=said.series, time=said.time, every=every, starts=starts, ends=ends)
    found = []
    for night, lost in gaps.groupby(NIGHT):
        rows = format_rows(lost, (said.series, said.time))
        marks = [
            Mark(
                pd.Timestamp(str(night)).date(),
                row,
                Treatment.LACKING,
                f"due every {said.every_minutes} minutes",
            )
            for row in rows
        ]
        shown = "; ".join(", ".join(row.values()) for row in rows[:EXAMPLES_SHOWN])
        more = f" and {len(rows) - EXAMPLES_SHOWN} more" if len(rows) > EXAMPLES_SHOWN else ""
        dataset = suite.removeprefix(ARRIVALS)
        found.append(
            Finding(
                marks[0].night, f"{len(rows)} readings of {dataset} did not come: {shown}{more}", tuple(marks)
            )
        )
    return tuple(found)
