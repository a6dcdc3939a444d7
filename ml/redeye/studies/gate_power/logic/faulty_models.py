"""Harmful candidates: a fitted model with one fault in what it reads, says or does.

For rehearsing the gates. A mutant is a model like any other: it has files and comes back from them, and unless
that is its fault, each of its predictions depends on its own row alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from redeye.declarations.spec_fields import Frozen
from redeye.models.algorithms.base import Categories, Floats, Model, Training
from redeye.models.algorithms.storage import algorithm

MUTANT, PADDING = "mutant.json", "padding.bin"
# Log odds of probabilities nearer to 0 or 1 than this are cut: a fault scales what is left.
_EDGE = 1e-4
_TIMID = 0.3


class Fault(StrEnum):
    """What is wrong with a mutant; `strength` and `detail` say how much and where."""

    STRETCHED = "stretched"
    """Log odds times `strength` around the probability `detail`: too sure, too timid, or upside down."""
    SHIFTED = "shifted"
    """Log odds plus `strength`."""
    BLURRED = "blurred"
    """Log odds plus noise of `strength`, the same for the same row; timid around the probability `detail`, if given."""
    RUINED = "ruined"
    """Upside down where the column of `detail` (`column=value`) has that value."""
    ZEROED = "zeroed"
    """Numbers of the view `detail` read as 0."""
    RESCALED = "rescaled"
    """Numbers of the view `detail` times `strength`: another unit."""
    CROSSED = "crossed"
    """Numbers of the view `detail` taken for those of the next column."""
    RECODED = "recoded"
    """The category `detail` under names that training did not know."""
    MUTE = "mute"
    """No probability where the view `detail` is missing."""
    FRAGILE = "fragile"
    """Raises where the category `detail` is missing."""
    GAPPED = "gapped"
    """No probability for the share `strength` of rows."""
    BROKEN = "broken"
    """Raises for the share `strength` of rows."""
    NOISY = "noisy"
    """Log odds plus noise of `strength`, another each time."""
    IN_COMPANY = "in company"
    """Log odds shifted so that the batch has the mean `strength`."""
    SLOW = "slow"
    """Takes `strength` seconds per 1,000 rows longer."""
    FAT = "fat"
    """`strength` megabytes of files more."""


@dataclass(frozen=True)
class Mutant(Model[Frozen]):
    """A model with a fault."""

    algorithm: ClassVar[str] = "mutant"

    inner: Model[Any]
    fault: Fault
    strength: float = 0.0
    detail: str = ""

    @classmethod
    def fit(cls, training: Training, params: Frozen) -> Self:  # noqa: ARG003
        """Raises ValueError: a mutant is made from a fitted model."""
        raise ValueError("a mutant is made from a fitted model")

    @property
    def categories(self) -> Categories:
        """The model's."""
        return self.inner.categories

    def predict(self, frame: pd.DataFrame) -> Floats:
        """What the model says, with the fault.

        Raises:
            ValueError: if that is the fault.
        """
        read, said = _READ.get(self.fault), _SAID.get(self.fault)
        given = self.inner.predict(read(frame, self.strength, self.detail) if read else frame)
        return said(given, frame, self.strength, self.detail) if said else given

    def importance(self) -> dict[str, float]:
        """The model's."""
        return self.inner.importance()

    def files(self) -> dict[str, bytes]:
        """The model's, and one that names the fault."""
        own = {"fault": str(self.fault), "strength": self.strength, "detail": self.detail}
        reported = {"algorithm": self.inner.algorithm, **own}
        padding = {PADDING: bytes(int(self.strength * 1e6))} if self.fault is Fault.FAT else {}
        return {**self.inner.files(), MUTANT: json.dumps(reported).encode(), **padding}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """From the model's files and the fault."""
        reported = json.loads(files[MUTANT])
        own = {name: content for name, content in files.items() if name not in (MUTANT, PADDING)}
        inner = algorithm(reported["algorithm"]).from_files(own)
        return cls(inner, Fault(reported["fault"]), reported["strength"], reported["detail"])


def views(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of numbers by feature view."""
    found: dict[str, list[str]] = {}
    for name in frame.select_dtypes("number").columns:
        if "__" in name:
            found.setdefault(name.partition("__")[0], []).append(name)
    return found


def _list_columns(frame: pd.DataFrame, view: str) -> list[str]:
    return views(frame).get(view, [])


def _chance(frame: pd.DataFrame) -> Floats:
    """A number between 0 and 1 per row, the same for the same row."""
    hashed = pd.util.hash_pandas_object(frame, index=False).to_numpy(dtype=np.uint64)
    return (hashed >> np.uint64(11)).astype(np.float64) / 2**53


def _odds(given: Floats) -> Floats:
    return logit(np.clip(given, _EDGE, 1 - _EDGE))


def _cross(frame: pd.DataFrame, _: float, view: str) -> pd.DataFrame:
    names = _list_columns(frame, view)
    return frame.assign(
        **{name: frame[other] for name, other in zip(names, names[1:] + names[:1], strict=True)}
    )


def _stretch(given: Floats, _: pd.DataFrame, strength: float, centre: str) -> Floats:
    middle = float(logit(float(centre)))
    return expit(middle + strength * (_odds(given) - middle))


def _blur(given: Floats, frame: pd.DataFrame, strength: float, centre: str) -> Floats:
    given = _stretch(given, frame, _TIMID, centre) if centre else given
    return expit(_odds(given) + strength * ndtri(np.clip(_chance(frame), 1e-9, 1 - 1e-9)))


def _ruin(given: Floats, frame: pd.DataFrame, _: float, where: str) -> Floats:
    column, _sign, value = where.partition("=")
    return np.where(frame[column].to_numpy() == value, 1 - given, given)


def _fragile(given: Floats, frame: pd.DataFrame, _: float, column: str) -> Floats:
    if frame[column].isna().any():
        raise ValueError(f"{column} has no value")
    return given


def _break(given: Floats, frame: pd.DataFrame, share: float, _: str) -> Floats:
    if (_chance(frame) < share).any():
        raise ZeroDivisionError("float division by zero")
    return given


def _in_company(given: Floats, _: pd.DataFrame, mean: float, __: str) -> Floats:
    odds = _odds(given)
    return expit(odds - odds.mean() + float(logit(mean)))


def _slow(given: Floats, _: pd.DataFrame, seconds: float, __: str) -> Floats:
    # No longer for more rows: a whole window would take minutes, and show nothing more.
    time.sleep(seconds * min(given.size / 1000, 1))
    return given


_READ: dict[Fault, Callable[[pd.DataFrame, float, str], pd.DataFrame]] = {
    Fault.ZEROED: lambda frame, _, view: frame.assign(**dict.fromkeys(_list_columns(frame, view), 0.0)),
    Fault.RESCALED: lambda frame, factor, view: frame.assign(
        **{name: frame[name] * factor for name in _list_columns(frame, view)}
    ),
    Fault.CROSSED: _cross,
    Fault.RECODED: lambda frame, _, column: frame.assign(**{column: "new " + frame[column].astype(object)}),
}
_SAID: dict[Fault, Callable[[Floats, pd.DataFrame, float, str], Floats]] = {
    Fault.STRETCHED: _stretch,
    Fault.SHIFTED: lambda given, _, strength, __: expit(_odds(given) + strength),
    Fault.BLURRED: _blur,
    Fault.RUINED: _ruin,
    Fault.MUTE: lambda given, frame, _, view: np.where(
        frame[_list_columns(frame, view)].isna().all(axis=1), np.nan, given
    ),
    Fault.FRAGILE: _fragile,
    Fault.GAPPED: lambda given, frame, share, _: np.where(_chance(frame) < share, np.nan, given),
    Fault.BROKEN: _break,
    # Without a seed: that is the fault.
    Fault.NOISY: lambda given, _, strength, __: expit(
        _odds(given) + np.random.default_rng().normal(0, strength, given.size)
    ),
    Fault.IN_COMPANY: _in_company,
    Fault.SLOW: _slow,
}
