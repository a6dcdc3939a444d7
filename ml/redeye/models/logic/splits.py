"""Which nights a model learns from, is stopped and chosen by, and is judged by.

Nights here are nights of prediction: the label of night n belongs to a row of day n + 1. Between two
windows lies a gap of the label maturity, because at the first night of the later window the labels of
the gap were not known yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from redeye.declarations.calendar import count_nights, shift_nights
from redeye.declarations.specs import Split


class TooFewNights(ValueError):
    """The history is too short for the windows that a spec asks for."""


@dataclass(frozen=True)
class Window:
    """Nights `first` to `last`, both included."""

    first: date
    last: date

    @property
    def nights(self) -> int:
        """How many nights it spans."""
        return count_nights(self.first, self.last)

    def mask(self, nights: Sequence[date] | npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
        """Which of `nights` lie in it."""
        days = np.asarray(nights, dtype="datetime64[D]")
        return np.asarray((days >= np.datetime64(self.first)) & (days <= np.datetime64(self.last)))

    def __str__(self) -> str:
        """As ISO dates."""
        return f"{self.first}..{self.last}"


@dataclass(frozen=True)
class Windows:
    """The three windows of one training, in time order."""

    train: Window
    validation: Window
    test: Window


def find_last_mature(night: date, maturity: int) -> date:
    """The last night whose labels are final at the cutoff of `night`."""
    return shift_nights(night, -maturity)


def find_first_training(first_night: date, split: Split, *, maturity: int) -> date:
    """The first night on which a training has all the nights that its windows need."""
    nights = split.minimum_train_nights + split.validation_nights + split.test_nights
    return shift_nights(first_night, nights + 3 * maturity - 1)


def plan_windows(night: date, split: Split, *, maturity: int, first_night: date) -> Windows:
    """The windows of a training decided on `night`, with the label maturity, in nights, as the gap between them.

    Raises:
        TooFewNights: saying from which night on there are enough.
    """
    test_last = find_last_mature(night, maturity)
    test = Window(shift_nights(test_last, 1 - split.test_nights), test_last)
    validation_last = find_last_mature(test.first, maturity + 1)
    validation = Window(shift_nights(validation_last, 1 - split.validation_nights), validation_last)
    train_last = find_last_mature(validation.first, maturity + 1)
    train = Window(max(first_night, shift_nights(train_last, 1 - split.history_nights)), train_last)
    if train.nights < split.minimum_train_nights:
        ready = shift_nights(night, split.minimum_train_nights - train.nights)
        raise TooFewNights(
            f"night {night} leaves {max(train.nights, 0)} of {split.minimum_train_nights} nights to train on; "
            f"train on night {ready} or later, or shorten the windows in the spec"
        )
    return Windows(train, validation, test)
