"""What a project computes of its data for the suites to judge: found by what `redeye.yaml` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Protocol, cast

import pandas as pd

from redeye.audits.suite_files import suite_names
from redeye.declarations.clock_sql import write_cutoff
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


class NoChecks:
    """The `ArrivalChecks` of a project that computes nothing of its own: its contracts say it all."""

    history_nights = 28

    def derive_step(self, suite: str) -> Step | None:
        """None for every suite."""
        del suite
        return None

    def profile_step(
        self, suite: str, judged: Mapping[str, pd.DataFrame], history: Mapping[str, pd.DataFrame]
    ) -> Step | None:
        """None for every suite."""
        del suite, judged, history
        return None


@lru_cache(maxsize=1)
def arrival_checks() -> ArrivalChecks:
    """What the project computes of its deliveries.

    Raises:
        ConfigError: if what the declaration names cannot be loaded.
    """
    if (named := project().audits.arrivals) is None:
        return NoChecks()
    made = import_named(named, said_by="redeye.yaml, audits.arrivals:")()
    return cast("ArrivalChecks", made)


def release_queries() -> Mapping[str, str]:
    """The SQL of the frames that a release is judged by, by suite below `releases/`.

    The release is attached as `warehouse`; `$first` and `$last` are the nights to judge.

    Raises:
        ConfigError: if what the declaration names cannot be loaded.
    """
    if (named := project().audits.releases) is None:
        names = [name.removeprefix(RELEASES) for name in suite_names() if name.startswith(RELEASES)]
        return {name: write_release_query(name) for name in names}
    return cast("Mapping[str, str]", import_named(named, said_by="redeye.yaml, audits.releases:")())


def write_release_query(model: str) -> str:
    """The SQL of a dbt model's rows of the nights `$first` to `$last`, with how its instants lie to the cutoff.

    A feature table has `event_minutes_after_cutoff` and `created_minutes_before_event` besides its columns, another
    one `entity_minutes_after_cutoff`.
    """
    cutoff = write_cutoff(project().clock, "night")
    if model.startswith("feat_"):
        schema, times = (
            "features",
            (
                f"date_diff('minute', {cutoff}, event_at) AS event_minutes_after_cutoff, "
                "date_diff('minute', created_at, event_at) AS created_minutes_before_event"
            ),
        )
    else:
        schema, times = "marts", f"date_diff('minute', {cutoff}, entity_at) AS entity_minutes_after_cutoff"
    return f"SELECT *, {times} FROM warehouse.{schema}.{model} WHERE night BETWEEN $first AND $last"
