"""How long work of several stages may still take, by what its done part took."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

PRIOR_SECONDS = 30.0
"""So many expected seconds count as if they had taken just as long: one short unit says little of the rest."""
MINUTE = 60
SHORT_SECONDS = 45


@dataclass(frozen=True)
class Stage:
    """Work that is shown as one: a single run, or the runs of some nights.

    Attributes:
        title: what it does, for people.
        seconds: that each of its units is expected to take, by the wall clock.
        runs: how many runs make up a unit, by night; None is a unit of no single night.
        past: what a night is called when it is done.
    """

    title: str
    seconds: float
    runs: Mapping[date | None, int] = field(default_factory=lambda: {None: 1})
    past: str = "done"


@dataclass
class Tally:
    """What was done of some stages. Instants are seconds of one clock, which the caller looks at."""

    stages: Sequence[Stage]
    began: float
    expected_done: float = 0.0
    ended: float = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        """Nothing has ended yet."""
        self.ended = self.began

    @property
    def units(self) -> int:
        """How many there are."""
        return sum(len(stage.runs) for stage in self.stages)

    def end_unit(self, stage: Stage, at: float) -> float:
        """Count a unit of a stage as done; the seconds since the one before it."""
        took = at - self.ended
        self.done, self.ended = self.done + 1, at
        self.expected_done += stage.seconds
        return took

    def estimate_remaining(self, current: Stage | None, at: float) -> float:
        """Seconds that the rest may take, if it is to its expectation as what was done is.

        Args:
            current: the stage of the unit that runs.
            at: the instant of the estimate.
        """
        scale = (self.ended - self.began + PRIOR_SECONDS) / (self.expected_done + PRIOR_SECONDS)
        ahead = sum(len(stage.runs) * stage.seconds for stage in self.stages) - self.expected_done
        running = min(current.seconds, ahead) if current else 0.0
        return scale * (ahead - running) + max(scale * running - (at - self.ended), 0.0)


def format_remaining(seconds: float) -> str:
    """Such as `about 4 min left`, rounded up: an estimate is no promise."""
    if seconds < SHORT_SECONDS:
        return "less than a minute left"
    return f"about {math.ceil(seconds / MINUTE)} min left"


def format_duration(seconds: float) -> str:
    """Minutes and seconds, such as `1:05`; hours too, from one on."""
    minutes, rest = divmod(int(seconds), MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
