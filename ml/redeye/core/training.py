"""From a frame of labelled rows to fitted candidates, and the choice between them."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from redeye.core.algorithms.base import Examples, Inputs, Model, Training
from redeye.core.algorithms.storage import algorithm
from redeye.core.evaluation import HIGHER_IS_BETTER, Metrics, Scored
from redeye.core.specs import Spec
from redeye.core.splits import Window, Windows

log = logging.getLogger(__name__)

# Of every draw in a training and in its judgement: the same training gives the same bytes.
SEED = 20130101


@dataclass(frozen=True)
class Fitted:
    """A fitted algorithm, with what the validation window says about it.

    Attributes:
        seconds: wall time of the fit.
    """

    algorithm: str
    model: Model[Any]
    validation: Metrics
    seconds: float = 0.0


def rows_of(frame: pd.DataFrame, spec: Spec, window: Window) -> pd.DataFrame:
    """The rows of a window, in the frame's order."""
    return frame.loc[window.mask(nights_of(frame, spec))]


def nights_of(frame: pd.DataFrame, spec: Spec) -> np.ndarray:
    """The night of each row, as days."""
    return pd.to_datetime(frame[spec.population.night]).to_numpy().astype("datetime64[D]")


def examples(frame: pd.DataFrame, spec: Spec) -> Examples:
    """Rows with their labels.

    Raises:
        ValueError: if a row has no label.
    """
    return Examples(frame, frame[spec.target.column].to_numpy(dtype=np.float64, na_value=np.nan))


def scored(model: Model[Any], frame: pd.DataFrame, spec: Spec) -> Scored:
    """A model's predictions on labelled rows.

    Raises:
        ValueError: if there are no rows, or the model gives something that is no probability.
    """
    return Scored(examples(frame, spec).labels, model.predict(frame), nights_of(frame, spec))


def fit_candidates(
    frame: pd.DataFrame, spec: Spec, windows: Windows, *, seed: int, threads: int
) -> tuple[Fitted, ...]:
    """Every algorithm of the spec, fitted on the training window and stopped by the validation window.

    The test window is not touched.

    Args:
        frame: labelled rows with every input of the spec.
        spec: names algorithms, inputs and label.
        windows: of the nights to learn from and to stop by.
        seed: of whatever is random.
        threads: to use.

    Raises:
        ValueError: if a window has no rows, or only one class.
    """
    validation = rows_of(frame, spec, windows.validation)
    training = Training(
        train=examples(rows_of(frame, spec, windows.train), spec),
        valid=examples(validation, spec),
        inputs=Inputs.of(spec),
        seed=seed,
        threads=threads,
    )
    fitted = []
    for name, params in spec.algorithms.chosen().items():
        began = time.perf_counter()
        model = algorithm(name).fit(training, params)
        seconds = time.perf_counter() - began
        metrics = scored(model, validation, spec).metrics()
        log.info(
            "%s: %s %.4f on %s after %.1f s",
            name,
            spec.gates.primary_metric,
            _primary(metrics, spec),
            windows.validation,
            seconds,
        )
        fitted.append(Fitted(name, model, metrics, seconds))
    return tuple(fitted)


def best(candidates: tuple[Fitted, ...], spec: Spec) -> Fitted:
    """The candidate with the best primary metric on validation; of equals the one declared first.

    Raises:
        ValueError: if a candidate has no primary metric.
    """
    sign = 1.0 if HIGHER_IS_BETTER[spec.gates.primary_metric] else -1.0
    return max(candidates, key=lambda candidate: sign * _primary(candidate.validation, spec))


def _primary(metrics: Metrics, spec: Spec) -> float:
    value = getattr(metrics, spec.gates.primary_metric)
    if value is None:
        raise ValueError(f"{spec.gates.primary_metric} is not defined on the validation window")
    return float(value)
