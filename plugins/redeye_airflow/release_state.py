"""How a night stands in the release ledger: the one place on Airflow's side that asks it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class ReleaseState(StrEnum):
    """How a night stands."""

    RELEASED = "released"
    GAP = "gap"
    MISSING = "missing"


def read_release_state(night: date) -> ReleaseState:
    """Whether a night is in a release, is a recorded gap, or is neither."""
    from redeye.warehouse import release_store  # imports DuckDB: not when DAG files are parsed

    if release_store.covering_release(night) is not None:
        return ReleaseState.RELEASED
    return ReleaseState.GAP if release_store.is_gap(night) else ReleaseState.MISSING


def missing_predecessor(first: date) -> date | None:
    """The night that must be built before `first`, or None if it can be built now."""
    from redeye.warehouse import release_store

    return release_store.missing_predecessor(first, release_store.latest_release())
