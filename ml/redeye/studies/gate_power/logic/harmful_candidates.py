"""Which harmful candidates are put before the gates: kinds, strengths, and those that are fitted to be bad."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from redeye.declarations.specs import Spec
from redeye.models.algorithms.base import Inputs, Model, Training
from redeye.models.algorithms.storage import algorithm
from redeye.models.logic.splits import Window, Windows
from redeye.models.logic.training import SEED, make_examples, read_nights, select_rows
from redeye.promotion.logic.gate_inputs import measure_base
from redeye.studies.gate_power.logic.faulty_models import Fault, Mutant, views

HELD_NIGHTS = 28


@dataclass(frozen=True)
class Incumbent:
    """A champion of an episode.

    Attributes:
        seen_until: the last night it was fitted, stopped or chosen by.
    """

    name: str
    model: Model[Any]
    seen_until: date


@dataclass(frozen=True)
class Episode:
    """One decision on past nights: a healthy candidate, its windows, and the nights after them.

    Attributes:
        frame: labelled rows to the end of the nights held out.
        spans: of the training; the gates judge on `spans.test`.
        held: the nights after the test window, by which harm is shown.
        champions: that could stand at that time.
    """

    night: date
    spec: Spec
    frame: pd.DataFrame
    spans: Windows
    held: Window
    healthy: Model[Any]
    champions: tuple[Incumbent, ...]
    threads: int = 1

    @cached_property
    def train_rows(self) -> pd.DataFrame:
        """The rows that the healthy candidate was fitted to."""
        return select_rows(self.frame, self.spec, self.spans.train)

    @cached_property
    def base_rate(self) -> float:
        """How often the labels that the healthy candidate was fitted to are true."""
        return float(measure_base(self.train_rows, self.spec))

    @cached_property
    def test_rows(self) -> pd.DataFrame:
        """The rows that the gates judge by."""
        return select_rows(self.frame, self.spec, self.spans.test)

    @cached_property
    def chosen_rows(self) -> pd.DataFrame:
        """The rows that the healthy candidate was stopped and chosen by."""
        return select_rows(self.frame, self.spec, self.spans.validation)

    @cached_property
    def held_rows(self) -> pd.DataFrame:
        """The rows that harm is shown by."""
        return select_rows(self.frame, self.spec, self.held)

    def offer(self, kind: str, what: str, model: Model[Any]) -> HarmfulCandidate:
        """A candidate that has seen as much as the healthy one."""
        return HarmfulCandidate(kind, what, model, self.spans.validation.last)


@dataclass(frozen=True)
class HarmfulCandidate:
    """A candidate that ought to be refused.

    Attributes:
        what: its fault in a few words.
        rows: that it is judged by, if not those of the episode's test window: a feature leaks in them, or only some
            labels are there.
        before: that it was chosen by, if not those of the episode.
        seen_until: the last night that it was fitted, stopped or chosen by.
        champion: that it faces, if not those of the episode.
    """

    kind: str
    what: str
    model: Model[Any]
    seen_until: date
    rows: pd.DataFrame | None = None
    before: pd.DataFrame | None = None
    champion: Incumbent | None = None


Maker = Callable[[Episode], Iterator[HarmfulCandidate]]


@dataclass(frozen=True)
class _Faulty:
    """Mutants of the healthy candidate with one fault in several strengths or places."""

    kind: str
    fault: Fault
    strengths: tuple[float, ...] = (0.0,)
    details: Callable[[Episode], tuple[str, ...]] = lambda _: ("",)

    def __call__(self, episode: Episode) -> Iterator[HarmfulCandidate]:
        # How slow is too slow is the spec's to say.
        unit = episode.spec.gates.maximum_seconds if self.fault is Fault.SLOW else 1.0
        for detail in self.details(episode):
            for strength in (unit * each for each in self.strengths):
                mutant = Mutant(episode.healthy, self.fault, strength, detail)
                what = " ".join(part for part in (f"{strength:g}" if strength else "", detail) if part)
                yield episode.offer(self.kind, what or str(self.fault), mutant)


def _base_rate(episode: Episode) -> tuple[str, ...]:
    return (f"{make_examples(episode.chosen_rows, episode.spec).labels.mean():.4f}",)


def _rates(episode: Episode) -> tuple[str, ...]:
    """The base rate of the nights before the window, and others, the nearest first."""
    (own,) = _base_rate(episode)
    others = [f"{rate:.2f}" for rate in np.arange(0.10, 0.41, 0.05)]
    return (own, *sorted(others, key=lambda rate: abs(float(rate) - float(own))))


def _views(episode: Episode) -> tuple[str, ...]:
    """Those that the healthy candidate uses most."""
    found, weights = views(episode.frame), episode.healthy.importance()
    known = {view: sum(weights.get(name, 0.0) for name in names) for view, names in found.items()}
    return tuple(sorted(known, key=lambda view: (-known[view], view))[:6])


def _categories(episode: Episode) -> tuple[str, ...]:
    sliced = episode.spec.gates.slices.columns
    return tuple(column for column in episode.spec.categorical_columns if column in sliced)


def _values(place: int, episode: Episode) -> tuple[str, ...]:
    """The most frequent values of one of the columns that the spec's gates are sliced by, if there are any."""
    if not (columns := episode.spec.gates.slices.columns):
        return ()
    counts = episode.test_rows[columns[place]].value_counts()
    return tuple(f"{columns[place]}={value}" for value in counts.index[:8][::-1])


def _refit(
    episode: Episode,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    labels: np.ndarray | None = None,
    **params: float,
) -> Model[Any]:
    spec = episode.spec
    if (given := spec.algorithms.xgboost) is None:
        raise ValueError(f"{spec.model} declares no xgboost to refit")
    learned, stopped = make_examples(train, spec), make_examples(valid, spec)
    if labels is not None:
        learned = replace(learned, labels=labels)
    training = Training(learned, stopped, Inputs.of(spec), seed=SEED, threads=episode.threads)
    return algorithm("xgboost").fit(training, given.model_copy(update=params))


def _wrong_labels(episode: Episode) -> Iterator[HarmfulCandidate]:
    random = np.random.default_rng(SEED)
    for share in (1.0, 0.7):
        labels = make_examples(episode.train_rows, episode.spec).labels.copy()
        mixed = random.random(labels.size) < share
        labels[mixed] = random.permutation(labels[mixed])
        model = _refit(
            episode, episode.train_rows, episode.chosen_rows, labels, rounds=150, learning_rate=0.1
        )
        yield episode.offer("refit on shuffled labels", f"{share:.0%} of them", model)


def _shuffle_inputs(episode: Episode) -> Iterator[HarmfulCandidate]:
    train = episode.train_rows
    random = np.random.default_rng(SEED)
    names = [name for names in views(train).values() for name in names]
    mixed = train.assign(**{name: random.permutation(train[name].to_numpy()) for name in names})
    model = _refit(episode, mixed, episode.chosen_rows, rounds=100, learning_rate=0.1)
    yield episode.offer("refit on permuted features", "every feature of training", model)


def _few_nights(episode: Episode) -> Iterator[HarmfulCandidate]:
    own = read_nights(episode.train_rows, episode.spec)
    for count in (2, 4):
        rows = episode.train_rows.loc[own >= np.unique(own)[-count]]
        model = _refit(episode, rows, rows, rounds=200, learning_rate=0.2, min_child_weight=5.0)
        yield episode.offer("refit on a few nights", f"{count} nights", model)


def _overfit(episode: Episode) -> Iterator[HarmfulCandidate]:
    """Fitted on the nights it is chosen by, so that they speak for it."""
    refit = partial(_refit, episode, episode.chosen_rows, episode.chosen_rows)
    for rounds in (12, 20, 30, 45, 70):
        model = refit(rounds=rounds, learning_rate=0.2, max_depth=6, min_child_weight=10.0)
        yield episode.offer("refit on the nights it is chosen by", f"{rounds} trees", model)


def _memorise(episode: Episode) -> Iterator[HarmfulCandidate]:
    rows = pd.concat([episode.chosen_rows, episode.test_rows])
    refit = partial(_refit, episode, rows, rows)
    for rounds in (20, 40, 70):
        model = refit(rounds=rounds, learning_rate=0.25, max_depth=6, min_child_weight=2.0)
        made = episode.offer("refit on the gates' own window", f"{rounds} trees", model)
        yield replace(made, seen_until=episode.spans.test.last)


def _leak(episode: Episode) -> Iterator[HarmfulCandidate]:
    """A feature holds the outcome in the past, and does not where it counts."""
    random = np.random.default_rng(SEED)
    for view in _views(episode)[:2]:
        name = views(episode.train_rows)[view][0]

        def leaked(rows: pd.DataFrame, name: str = name) -> pd.DataFrame:
            reported = make_examples(rows, episode.spec).labels + 0.25 * random.normal(size=len(rows))
            return rows.assign(**{name: reported})

        train, valid = leaked(episode.train_rows), leaked(episode.chosen_rows)
        model = _refit(episode, train, valid, rounds=60, learning_rate=0.2, colsample_bytree=1.0)
        made = episode.offer("refit on a feature that leaks the outcome", name, model)
        yield replace(made, rows=leaked(episode.test_rows), before=leaked(episode.chosen_rows))


def _starve(episode: Episode) -> Iterator[HarmfulCandidate]:
    """Judged by a few lucky nights, because the labels of the others are late."""
    rows = episode.test_rows
    nights = read_nights(rows, episode.spec)
    late = make_examples(rows, episode.spec).labels
    for strength in (0.5, 0.6, -0.6, 1.0):
        mutant = Mutant(episode.healthy, Fault.SHIFTED, strength)
        wrong = late - mutant.predict(rows)
        excess = {night: float(wrong[nights == night].mean()) for night in np.unique(nights)}
        # Nights on which the shift happens to be right.
        lucky = sorted(excess, key=lambda night: abs(excess[night]))[:6]
        what = f"log odds {strength:+g}, {len(lucky)} nights from {episode.spans.test.first}"
        made = episode.offer("judged by a few lucky nights", what, mutant)
        yield replace(made, rows=rows.loc[np.isin(nights, lucky)])


def _outdo(episode: Episode) -> Iterator[HarmfulCandidate]:
    """Better than a champion that is far off, as where it counts another outcome, and worse than one number for all."""
    seen = episode.spans.validation.last
    champion = Incumbent("far off", Mutant(episode.healthy, Fault.SHIFTED, 3.0), seen)
    for strength in (2.0, 1.5, 2.5):
        made = episode.offer(
            "better than a champion far off",
            f"{strength:g}",
            Mutant(episode.healthy, Fault.SHIFTED, strength),
        )
        yield replace(made, champion=champion)


MAKERS: dict[str, Maker] = {
    maker.kind: maker
    for maker in (
        _Faulty("upside down", Fault.STRETCHED, (-1.0, -0.3), _base_rate),
        _Faulty("too sure", Fault.STRETCHED, (1.6, 2.5, 4.0), _base_rate),
        _Faulty("one number for all, nearly", Fault.STRETCHED, (0.05, 0.02, 0.1), _rates),
        _Faulty("shifted base rate", Fault.SHIFTED, (0.5, 0.25, 0.7, -0.8, -0.5, -1.0, 1.0)),
        _Faulty("blurred ranking", Fault.BLURRED, (0.4, 0.6, 0.8, 1.2)),
        _Faulty("blurred ranking, at a likely base rate", Fault.BLURRED, (0.3, 0.2, 0.4), _rates),
        _Faulty("one value of the last slice ruined", Fault.RUINED, details=partial(_values, -1)),
        _Faulty("one value of the first slice ruined", Fault.RUINED, details=partial(_values, 0)),
        _Faulty("a view silently zero", Fault.ZEROED, details=_views),
        _Faulty("a view in another unit", Fault.RESCALED, (0.1, 10.0, 60.0), _views),
        _Faulty("a view's columns crossed", Fault.CROSSED, details=_views),
        _Faulty("a category recoded", Fault.RECODED, details=_categories),
        _Faulty("no probability where a view is missing", Fault.MUTE, details=_views),
        _Faulty("raises where a category is missing", Fault.FRAGILE, details=_categories),
        _Faulty("no probability for some rows", Fault.GAPPED, (0.001, 0.05)),
        _Faulty("raises on some rows", Fault.BROKEN, (0.002, 0.05)),
        _Faulty("another answer each time", Fault.NOISY, (0.05, 0.2)),
        _Faulty("depends on its company", Fault.IN_COMPANY, (0.2, 0.3)),
        _Faulty("too slow", Fault.SLOW, (1.3,)),
        _Faulty("too large", Fault.FAT, (120.0,)),
    )
}
MAKERS |= {
    "better than a champion far off": _outdo,
    "judged by a few lucky nights": _starve,
    "refit on shuffled labels": _wrong_labels,
    "refit on permuted features": _shuffle_inputs,
    "refit on a few nights": _few_nights,
    "refit on the nights it is chosen by": _overfit,
    "refit on the gates' own window": _memorise,
    "refit on a feature that leaks the outcome": _leak,
}
