"""What a project computes of its data for the suites to judge: found by what `redeye.yaml` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Protocol, cast

import pandas as pd

from redeye.declarations.project import import_named, project

RELEASES = "releases/"
"""Suites of releases begin so."""
NULL_SHARES = f"{RELEASES}null_shares"
"""A project's frame of this name, by `night`, `feature_table` and `feature`, is kept with the release, and shown."""

Step = Callable[[pd.DataFrame], pd.DataFrame]
"""From a typed frame to another: with more columns, or a profile with a row per night."""


class ArrivalChecks(Protocol):
    """What is computed of deliveries before their suites judge them.

    Attributes:
        history_nights: how many earlier nights a profile compares with.
    """

    history_nights: int

    def derive_step(self, suite: str) -> Step | None:
        """The function that adds a suite's derived columns to its typed frame; None if it has none."""
        ...

    def profile_step(
        self, suite: str, judged: Mapping[str, pd.DataFrame], history: Mapping[str, pd.DataFrame]
    ) -> Step | None:
        """The function that makes a suite's profile of its derived frame; None if it has none.

        Frames are of text, by suite of rows; of earlier accepted nights some or all may lack.
        """
        ...


@lru_cache(maxsize=1)
def arrival_checks() -> ArrivalChecks:
    """What the project computes of its deliveries.

    Raises:
        ConfigError: if what the declaration names cannot be loaded.
    """
    made = import_named(project().audits.arrivals, said_by="redeye.yaml, audits.arrivals:")()
    return cast("ArrivalChecks", made)


def release_queries() -> Mapping[str, str]:
    """The SQL of the frames that a release is judged by, by suite below `releases/`.

    The release is attached as `warehouse`; `$first` and `$last` are the nights to judge.

    Raises:
        ConfigError: if what the declaration names cannot be loaded.
    """
    named = import_named(project().audits.releases, said_by="redeye.yaml, audits.releases:")
    return cast("Mapping[str, str]", named())
