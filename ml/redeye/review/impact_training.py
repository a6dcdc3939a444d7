"""What a change does to a model trained anew: fitted on the old and on the new state, and judged on the same rows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from redeye.champions.serving_versions import list_serving_versions
from redeye.declarations.calendar import shift_nights
from redeye.declarations.specs import Spec
from redeye.features import feature_frames
from redeye.features.feature_frames import read_table_keys
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import settings
from redeye.models.algorithms.base import Inputs, Training
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.evaluation import Scored
from redeye.models.logic.splits import Window, Windows, find_last_mature, plan_windows
from redeye.models.logic.training import SEED, make_examples, select_rows
from redeye.review.impact_scores import read_population
from redeye.review.logic.impact_gains import Gain, LabelDiff, LabelFit
from redeye.review.logic.impact_measures import Measures
from redeye.review.logic.seed_intervals import estimate_improvement_of_seeds
from redeye.review.table_diff import NEW, OLD
from redeye.warehouse.logic.dbt_models import Project
from redeye.warehouse.logic.releases import Release

# Two seeds leave Student's t one degree of freedom: bounds six errors wide. Three leave two, at half the price of five;
# of equal models at most 4 % are then told apart, of one seed up to a third (tests of `seed_intervals`).
SEEDS = 3
# Where the champion is no fitted model, this is what a training on the features would show.
LEARNER = "xgboost"
_OLD_LABEL, _NEW_LABEL = "label_old", "label_new"


@dataclass(frozen=True)
class State:
    """One side of a change: how it is attached, and what declares it."""

    alias: str
    spec: Spec
    project: Project


def retrain_models(
    con: duckdb.DuckDBPyConnection,
    specs: tuple[Mapping[str, Spec], Mapping[str, Spec]],
    projects: tuple[Project, Project],
    models: Iterable[str],
    release: Release,
    *,
    seeds: int,
) -> tuple[tuple[Gain, ...], tuple[str, ...]]:
    """Fit those of some models that both states declare, by the champion's algorithm, and compare them.

    Both states are attached to the connection; specs and projects are the old and the new ones.

    Returns:
        What each gains, and why others cannot be trained.
    """
    gains, reasons = [], []
    for model in models:
        if model not in specs[0] or model not in specs[1]:
            continue
        old, new = (each[model] for each in specs)
        states = (State(OLD, old, projects[0]), State(NEW, new, projects[1]))
        live = {each.reader.role: each.reader for each in list_serving_versions([new], release.night)}
        champion = live.get("champion")
        # The class of a kind has the spec's name for it behind the kind's own.
        served = champion.algorithm.removeprefix(f"{find_kind(new).name}_") if champion else ""
        learner = find_learner((old, new), served)
        if learner is None:
            reasons.append(f"{model} cannot be trained anew: the old and the new spec fit no algorithm both")
            continue
        try:
            gains.append(retrain(con, states, release, learner=learner, seeds=seeds))
        except (ConfigError, ValueError, duckdb.Error) as error:
            reasons.append(f"{model} cannot be trained anew: {error}")
    return tuple(gains), tuple(reasons)


def find_learner(specs: tuple[Spec, Spec], champion: str) -> str | None:
    """The champion's algorithm, else `LEARNER`, else the first that both the old and the new spec fit; None if none."""
    old, new = (each.algorithms.list_declared() for each in specs)
    fitted = [name for name in new if name in old and name != HeuristicModel.algorithm]
    return next((each for each in (champion, LEARNER, *fitted) if each in fitted), None)


def retrain(
    con: duckdb.DuckDBPyConnection,
    states: tuple[State, State],
    release: Release,
    *,
    learner: str,
    seeds: int,
) -> Gain:
    """Fit one algorithm on the old and on the new state with each seed, and compare on the rows that both test on.

    The states may differ in features, labels, windows and parameters. Each model is fitted, stopped and trained as its
    own state says; the windows go by the release's night. Both are judged by the new label, on the rows of the nights
    that lie in the test windows of both.

    Raises:
        ConfigError: if a state lacks a feature.
        ValueError: if the nights are too few, a window has no rows or only one class, or the old and the new spec do
            not say the same of a row.
        duckdb.Error: if a state lacks the population or the label.
    """
    began = time.perf_counter()
    kinds = [find_kind(each.spec) for each in states]
    if kinds[0].columns != kinds[1].columns:
        said = [", ".join(each.columns) for each in kinds]
        raise ValueError(
            f"a row was given {said[0]} and is given {said[1]}: one cannot be judged by the other"
        )
    histories = [_read_history(con, each, release) for each in states]
    new = states[1].spec
    test = _share_window([spans.test for _, spans in histories])
    labels = _match_labels([rows for rows, _ in histories], states)
    judged = select_rows(labels, new, test)
    predictions = [
        _fit_and_predict(con, state, history, judged, learner=learner, seeds=seeds)
        for state, history in zip(states, histories, strict=True)
    ]
    nights = judged[new.population.night]
    kind = kinds[1]
    scored = {
        label: [
            [kind.score_frame(judged, judged[label], each, nights) for each in seeds_]
            for seeds_ in predictions
        ]
        for label in (_OLD_LABEL, _NEW_LABEL)
    }
    old_fits, new_fits = scored[_NEW_LABEL]
    losses = [_average(each, kind.scored.LOSS) for each in (old_fits, new_fits)]
    return Gain(
        model=new.model,
        measures=Measures.of(kind),
        algorithm=learner,
        rows=len(judged),
        nights=str(test),
        seeds=seeds,
        old=losses[0],
        new=losses[1],
        gain=estimate_improvement_of_seeds(
            new_fits, old_fits, kind.scored.LOSS, confidence=new.gates.confidence
        ),
        label=compare_labels(kind, labels, scored),
        seconds=time.perf_counter() - began,
    )


def _read_history(
    con: duckdb.DuckDBPyConnection, state: State, release: Release
) -> tuple[pd.DataFrame, Windows]:
    """The labelled rows of a state that its windows may span, and the windows."""
    spec = state.spec
    span = spec.split.history_nights + spec.split.validation_nights + spec.split.test_nights
    last = find_last_mature(release.night, spec.label_maturity_nights)
    first = shift_nights(last, -(span + 2 * spec.label_maturity_nights))
    rows = read_population(con, state.alias, spec, release.night, first, last)
    rows = rows[rows[spec.target.column].notna()].reset_index(drop=True)
    if rows.empty:
        raise ValueError(f"no row of the {state.alias} state has a label")
    first_night = pd.Timestamp(rows[spec.population.night].min()).date()
    return rows, plan_windows(
        release.night, spec.split, maturity=spec.label_maturity_nights, first_night=first_night
    )


def _share_window(windows: list[Window]) -> Window:
    """The nights that lie in both; those of neither model's training, as each trains on what comes before its own."""
    found = Window(max(each.first for each in windows), min(each.last for each in windows))
    if found.nights < 1:
        raise ValueError("the test windows of the old and the new spec share no night")
    return found


def _match_labels(histories: list[pd.DataFrame], states: tuple[State, State]) -> pd.DataFrame:
    """Key, night and groups of the rows that both states label, with both labels, in order of the key."""
    old, new = (each.spec for each in states)
    if old.population.key != new.population.key:
        raise ValueError(f"the population's key was {old.population.key} and is {new.population.key}")
    key = new.population.key
    sides = [
        rows[[key, spec.target.column]].rename(columns={spec.target.column: label})
        for rows, spec, label in zip(histories, (old, new), (_OLD_LABEL, _NEW_LABEL), strict=True)
    ]
    nights = histories[1][[key, new.population.night, *find_kind(new).groups]]
    found = nights.merge(sides[0], on=key).merge(sides[1], on=key).sort_values(key, ignore_index=True)
    return found.astype({_OLD_LABEL: np.float64, _NEW_LABEL: np.float64})


def _fit_and_predict(
    con: duckdb.DuckDBPyConnection,
    state: State,
    history: tuple[pd.DataFrame, Windows],
    judged: pd.DataFrame,
    *,
    learner: str,
    seeds: int,
) -> list[np.ndarray]:
    """The predictions of the judged rows, in their order, by a model of each seed."""
    rows, spans = history
    spec, inputs = state.spec, Inputs.of(state.spec)
    kind = find_kind(spec)
    tables = read_table_keys(state.project)
    columns = dict.fromkeys([*inputs.numeric, *inputs.categorical])
    frame = feature_frames.frame(con, state.alias, rows, columns, tables)
    key = spec.population.key
    tested = frame.set_index(key, drop=False).loc[judged[key]]
    train, valid = (
        make_examples(select_rows(frame, spec, window), spec) for window in (spans.train, spans.validation)
    )
    params = spec.algorithms.list_declared()[learner]
    found = []
    for place in range(seeds):
        training = Training(
            train=train, valid=valid, inputs=inputs, seed=SEED + place, threads=settings().threads
        )
        found.append(kind.adjust(kind.fit(learner, training, params), valid).predict(tested))
    return found


def compare_labels(
    kind: Kind, labels: pd.DataFrame, scored: dict[str, list[list[Scored]]]
) -> LabelDiff | None:
    """What becomes of the label, and each model by each label; None if every row keeps its own."""
    is_changed = labels[_OLD_LABEL] != labels[_NEW_LABEL]
    if not is_changed.any():
        return None
    loss, titles = kind.scored.LOSS, kind.scored.TITLES
    relative = f"relative_{loss}"
    fits = tuple(
        LabelFit(
            trained_on,
            label.removeprefix("label_"),
            _average(of_seeds, loss),
            _average(of_seeds, relative) if relative in kind.scored.MEASURES else None,
            {
                titles[name]: _average(of_seeds, name)
                for name in kind.charted
                if name in kind.scored.HIGHER_IS_BETTER
            },
        )
        for label, both in scored.items()
        for trained_on, of_seeds in zip((OLD, NEW), both, strict=True)
    )
    return LabelDiff(
        rows=len(labels),
        changed=int(is_changed.sum()),
        moves=summarize_labels(kind, labels[_OLD_LABEL], labels[_NEW_LABEL]),
        is_flag=kind.outcome_form == "flag",
        is_share=kind.lists_outcomes,
        fits=fits,
    )


def summarize_labels(kind: Kind, old: pd.Series, new: pd.Series) -> dict[str, tuple[float, float]]:
    """What both labels come to, in words: the share of true ones, that of each class, or the mean."""
    if kind.outcome_form == "flag" or not kind.lists_outcomes:
        title = "the share of true ones" if kind.outcome_form == "flag" else "the mean"
        return {title: (float(old.mean()), float(new.mean()))}
    sides = [each.map(kind.read_outcome) for each in (old, new)]
    one, other = (each.value_counts(normalize=True) for each in sides)
    return {
        f"the share of {name}": (float(one.get(name, 0)), float(other.get(name, 0)))
        for name in sorted({*one.index, *other.index})
    }


def _average(of_seeds: list[Scored], metric: str) -> float:
    """A metric over all nights, by the mean of the seeds."""
    return float(np.mean([each.resample(metric, np.ones((1, len(each.nights))))[0] for each in of_seeds]))
