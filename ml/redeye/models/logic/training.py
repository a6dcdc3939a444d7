"""From a frame of labelled rows to fitted candidates, and the selection between them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.declarations.spec_candidates import AVERAGE, CONTINUED
from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Examples, Floats, Inputs, Model, Training
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.evaluation import Metrics, Scored
from redeye.models.logic.model_selection import Selection, select_model
from redeye.models.logic.splits import Window, Windows

log = logging.getLogger(__name__)

# Of every draw in a training and in its judgement: the same training gives the same bytes.
SEED = 20130101


@dataclass(frozen=True)
class Parent:
    """A champion that a candidate may continue, with the last night that it was fitted to, and that it has seen."""

    version: int
    model: Model[Any]
    train_last: date
    seen_until: date


@dataclass(frozen=True)
class Fitted:
    """A fitted candidate, with what the validation window says about it.

    Attributes:
        name: of the candidate: its algorithm's for the plain refit, a name of its own else.
        seconds: wall time of the fit.
        params: what it was fitted with, beside its algorithm's parameters.
        parent_version: that it continues; None if it was fitted from nothing.
    """

    name: str
    algorithm: str
    model: Model[Any]
    judged: Scored
    validation: Metrics
    seconds: float = 0.0
    params: dict[str, float] = field(default_factory=dict)
    parent_version: int | None = None

    @property
    def preferred_as(self) -> str:
        """Its name in the spec's order of preference."""
        return self.name if self.parent_version is None else CONTINUED


def select_rows(frame: pd.DataFrame, spec: Spec, window: Window) -> pd.DataFrame:
    """The rows of a window, in the frame's order."""
    return frame.loc[window.mask(read_nights(frame, spec))]


def read_nights(frame: pd.DataFrame, spec: Spec) -> np.ndarray:
    """The night of each row, as days."""
    return pd.to_datetime(frame[spec.population.night]).to_numpy().astype("datetime64[D]")


def make_examples(frame: pd.DataFrame, spec: Spec) -> Examples:
    """Rows with their labels.

    Raises:
        ValueError: if a row has no label of the spec's kind.
    """
    labels = frame[spec.target.column].to_numpy(dtype=np.float64, na_value=np.nan)
    find_kind(spec).check_labels(labels)
    return Examples(frame, labels)


def score_rows(model: Model[Any], frame: pd.DataFrame, spec: Spec) -> Scored:
    """A model's predictions on labelled rows.

    Raises:
        ValueError: if there are no rows, or the model gives something that is no prediction of the spec's kind.
    """
    labels, nights = make_examples(frame, spec).labels, read_nights(frame, spec)
    return find_kind(spec).score_frame(frame, labels, model.predict(frame), nights)


def weigh_recency(nights: npt.NDArray[np.datetime64], last: date, half_life_nights: int) -> Floats:
    """Weights that halve with every half-life before `last`, 1 on average.

    The average keeps penalties and minimum sizes of a leaf at the strength they have without weights.
    """
    age = (np.datetime64(last) - nights.astype("datetime64[D]")).astype(np.float64)
    weights: Floats = 0.5 ** (age / half_life_nights)
    return weights / weights.mean()


def fit_candidates(
    frame: pd.DataFrame,
    spec: Spec,
    windows: Windows,
    *,
    seed: int,
    threads: int,
    parent: Parent | None = None,
) -> tuple[Fitted, ...]:
    """Every candidate of the spec, fitted on the training window and stopped by the validation window.

    One refit of each algorithm, the weighted refits, the average, and the champion continued on the nights since
    its own training, in this order. The test window is not touched.

    Raises:
        ValueError: if a window has no rows, or only one class.
    """
    kind = find_kind(spec)
    rows, validation = select_rows(frame, spec, windows.train), select_rows(frame, spec, windows.validation)
    plain = Training(
        train=make_examples(rows, spec),
        valid=make_examples(validation, spec),
        inputs=Inputs.of(spec),
        seed=seed,
        threads=threads,
    )
    fitted: list[Fitted] = []
    declared = spec.algorithms.list_declared()
    for plan in (
        *(_Plan(name, partial(kind.fit, name, plain, params)) for name, params in declared.items()),
        *_plan_weighted(spec, kind, plain, rows),
        *_plan_average(spec, kind, fitted),
        *_plan_continued(spec, plain, rows, parent, windows),
    ):
        began = time.perf_counter()
        model = plan.fit()
        seconds = time.perf_counter() - began
        if model is None:
            log.info("%s: nothing gained from the newer nights", plan.name)
            continue
        model = kind.adjust(model, plain.valid)
        judged = score_rows(model, validation, spec)
        metrics = judged.metrics()
        metric = spec.gates.primary_metric
        value = judged.measure(metric)
        log.info("%s: %s %s on %s after %.1f s", plan.name, metric, value, windows.validation, seconds)
        fitted.append(
            Fitted(
                name=plan.name,
                algorithm=model.algorithm,
                model=model,
                judged=judged,
                validation=metrics,
                seconds=seconds,
                params=plan.params,
                parent_version=plan.parent_version,
            )
        )
    return tuple(fitted)


def select_candidate(candidates: tuple[Fitted, ...], spec: Spec) -> tuple[Fitted, Selection]:
    """The candidate that goes on, by the spec's metric and order of preference, and why.

    Raises:
        ValueError: if a candidate has no primary metric.
    """
    choice = select_model(
        candidates,
        spec.gates.primary_metric,
        spec.candidates.preference,
        confidence=spec.gates.confidence,
    )
    return next(each for each in candidates if each.name == choice.name), choice


@dataclass(frozen=True)
class _Plan:
    """A candidate before it is fitted; `fit` gives None if there is nothing to be had."""

    name: str
    fit: Callable[[], Model[Any] | None]
    params: dict[str, float] = field(default_factory=dict)
    parent_version: int | None = None


def _plan_weighted(spec: Spec, kind: Kind, plain: Training, rows: pd.DataFrame) -> Iterator[_Plan]:
    nights = read_nights(rows, spec)
    for one in spec.candidates.weighted:
        weights = weigh_recency(nights, nights.max().astype(date), one.half_life_nights)
        training = replace(plain, train=replace(plain.train, weights=weights))
        params = spec.algorithms.list_declared()[one.algorithm]
        reported = {"half_life_nights": float(one.half_life_nights)}
        yield _Plan(one.name, partial(kind.fit, one.algorithm, training, params), reported)


def _plan_average(spec: Spec, kind: Kind, fitted: Sequence[Fitted]) -> Iterator[_Plan]:
    names = spec.candidates.average_of

    def average() -> Model[Any]:
        return kind.make_average({each.name: each.model for each in fitted if each.name in names})

    if names:
        yield _Plan(AVERAGE, average)


def _plan_continued(
    spec: Spec, plain: Training, rows: pd.DataFrame, parent: Parent | None, windows: Windows
) -> Iterator[_Plan]:
    how = spec.candidates.continued
    if how is None or parent is None:
        return
    # An average needs the parameters of all its members.
    params: Any = spec.algorithms.list_declared()
    if parent.model.algorithm != AVERAGE:
        params = params.get(parent.model.algorithm)
    if params is None:
        return
    name = spec.candidates.name_continued(parent.model.algorithm)
    # Nights that the champion was stopped by would flatter it on validation, and those of the test are the gates'.
    if parent.seen_until >= windows.validation.first:
        log.info("%s: version %d knows nights to %s", name, parent.version, parent.seen_until)
        return
    newer = rows.loc[read_nights(rows, spec) > np.datetime64(parent.train_last)]
    known = make_examples(newer, spec)
    if len(np.unique(read_nights(newer, spec))) < how.minimum_nights or len(np.unique(known.labels)) < 2:
        log.info("%s: too few nights since %s", name, parent.train_last)
        return
    yield _Plan(
        name,
        partial(parent.model.continue_training, replace(plain, train=known), params, how.learning_rate_share),
        {"learning_rate_share": how.learning_rate_share, "newer_rows": float(len(newer))},
        parent.version,
    )
