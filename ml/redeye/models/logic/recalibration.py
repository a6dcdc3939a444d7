"""Recalibration: two numbers by which a champion's own predictions follow the nights that matured since its training.

What they mean and when they may be served, each kind says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Recalibration:
    """What is done to a raw prediction; as it stands, nothing.

    Attributes:
        intercept: that is added, in what the kind adds to.
        slope: that is multiplied by before.
        night: after which it was decided, which names it together with the model; None of the identity.
    """

    intercept: float = 0.0
    slope: float = 1.0
    night: date | None = None


IDENTITY = Recalibration()


@dataclass(frozen=True)
class JudgedRecalibration:
    """The numbers after a night, and what nights say of such ones.

    Attributes:
        nights: with labels, that the numbers were fitted on.
        judged_nights: that they were judged on.
        improvement: what they are worth, in the kind's measure, over the judged nights; NaN if there was none.
        lower: its bound at the gates' confidence; NaN where too few nights give none.
    """

    recalibration: Recalibration
    nights: int
    rows: int
    judged_nights: int
    improvement: float
    lower: float
    is_in_use: bool
