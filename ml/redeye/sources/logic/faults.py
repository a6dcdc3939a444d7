"""Rehearsals: faults that are put into the data on purpose, to see which guard catches them and how soon.

An event changes what the source delivers, as near to where such faults come from as can be. No threshold is chosen
by them: those come from clean history. An event counts as caught on the first night on which a guard says something
that it does not say on the same night without the event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from redeye.declarations.calendar import find_next_night, shift_nights
from redeye.declarations.spec_fields import Frozen, PositiveInt

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class Guard(StrEnum):
    """Who may catch a fault, in the order in which data passes them."""

    ARRIVAL = "arrival audit"
    RELEASE = "release audit"
    PREDICTION = "prediction audit"
    DRIFT = "drift"
    VERDICT = "verdict"
    GATE = "gate"


@dataclass(frozen=True)
class PlantedFault:
    """A fault in one delivery, put there to measure whether the audits of arrivals find it.

    Attributes:
        dataset: whose delivery it is in.
        spoil: of the night's text frame, the frames of the nights before it and a source of chance, the
            spoiled frame; the same frame where the fault would change nothing.
    """

    dataset: str
    spoil: Callable[[pd.DataFrame, pd.DataFrame, np.random.Generator], pd.DataFrame]


class Event(Frozen):
    """A fault on some nights, and how long one looks on.

    Attributes:
        name: of the event; stands in everything it produces.
        fault: what is done to the deliveries, as the project's faulty source calls it.
        first: night on which it begins.
        nights: on which it acts.
        watched: nights from the first on that are scored and judged.
        clean_nights: after it acted, built without a fault.
        is_trained: whether a training is started on the last night.
        is_audited: whether arrival audits judge its deliveries; if not, the guards behind them have it to themselves.
    """

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    fault: str = Field(pattern=r"^[a-z0-9_]+$")
    first: date
    nights: PositiveInt
    watched: int = Field(default=0, ge=0)
    clean_nights: int = Field(default=0, ge=0)
    is_trained: bool = False
    is_audited: bool = True

    @model_validator(mode="after")
    def _is_watched_within(self) -> Event:
        if self.watched > self.nights + self.clean_nights:
            raise ValueError(f"{self.name}: {self.watched} nights are watched, fewer are built")
        return self

    @property
    def last_faulty(self) -> date:
        """Last night on which it acts."""
        return shift_nights(self.first, self.nights - 1)

    @property
    def last(self) -> date:
        """Last night that is built."""
        return shift_nights(self.last_faulty, self.clean_nights)

    @property
    def last_watched(self) -> date:
        """Last night that is scored; the one before the first if none is."""
        return shift_nights(self.first, self.watched - 1)

    def acts(self, night: date) -> bool:
        """Whether a night's delivery is faulty."""
        return self.first <= night <= self.last_faulty


class Base(Frozen):
    """The installation that every event begins with.

    Attributes:
        trained: the night with which the champion of every event is trained.
        last: the last night before the events; those since it was trained were scored by the champion.
    """

    trained: date
    last: date

    @property
    def next(self) -> date:
        """The night on which every event begins."""
        return find_next_night(self.last)


class Plan(Frozen):
    """The events of an installation that rehearses; each has the data to itself."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    base: Base | None = Field(default=None, description="Needed to rehearse in copies.")
    events: tuple[Event, ...]

    @property
    def label(self) -> str:
        """What stands on every row."""
        return self.name


@dataclass(frozen=True)
class Catch:
    """What a guard said first, and on which night of the event, from 1."""

    guard: str
    night: str
    nights_after: int
    said: str


@dataclass(frozen=True)
class Outcome:
    """What came of an event.

    Attributes:
        catches: the first of each guard, in the order of guards.
        scored_nights: that were scored, `degraded_nights` of them from less than usual.
        seconds: that it took.
        facts: what else was seen, for people.
    """

    event: str
    fault: str
    catches: tuple[Catch, ...]
    scored_nights: int
    degraded_nights: int
    seconds: float
    facts: tuple[str, ...] = ()


# Of the reasons for a broken feature; which feature drifted elsewhere differs from week to week by itself.
_BROKEN = re.compile(r"(night|week): (\S+) (has one value|is empty in|is \d+ times beyond)")
_JUDGED = ("share", "joint", "label", "concept", "prediction")


def signals(drift: pd.DataFrame, reasons: str) -> set[str]:
    """What a night's rows of the table `drift` and its verdict's reasons say, as short names to compare runs by."""
    said = drift[drift["is_drifted"].astype(bool) & drift["kind"].isin(_JUDGED)]
    found = {f"{row['span']}: {row['column_name']} ({row['statistic']})" for row in said.to_dict("records")}
    return found | {f"{span}: {column} broken" for span, column, _ in _BROKEN.findall(reasons)}


def first_new(
    event: Mapping[date, set[str]], control: Mapping[date, set[str]]
) -> tuple[date, tuple[str, ...]] | None:
    """The first night that has a signal which the run without the event has not, and those signals."""
    for night in sorted(event):
        if fresh := event[night] - control.get(night, set()):
            return night, tuple(sorted(fresh))
    return None
