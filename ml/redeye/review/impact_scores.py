"""What a change of features does to models: to the probabilities of those that serve, and to one trained anew."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from redeye.champions.serving_versions import ServingVersion
from redeye.declarations.calendar import cutoff
from redeye.declarations.specs import Spec
from redeye.features import feature_frames
from redeye.features.feature_frames import read_table_keys
from redeye.foundation.settings import settings
from redeye.models.algorithms.base import Inputs, Model, Training
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.models.algorithms.storage import algorithm
from redeye.models.logic.evaluation import Interval, Scored, estimate_improvement
from redeye.models.logic.splits import Window, find_last_mature, plan_windows
from redeye.models.logic.training import SEED, make_examples, select_rows
from redeye.review.logic.impact_verdict import Gain, ScoreDiff
from redeye.review.table_diff import NEW, OLD
from redeye.warehouse.logic.dbt_models import Project
from redeye.warehouse.logic.releases import Release

NIGHTS = 28
# A probability that moves by no more is told as the same.
MOVED = 0.001
# Where the champion is no fitted model, this is what a training on the features would show.
LEARNER = "xgboost"


def rescore_version(
    con: duckdb.DuckDBPyConnection,
    spec: Spec,
    live: ServingVersion,
    release: Release,
    old: Project,
    new: Project,
) -> ScoreDiff:
    """A version's probabilities of the rows of the last 28 nights, with old and new features.

    Both states are attached to the connection; `old` and `new` are the projects that they are built by.
    """
    population = _read_population(
        con, spec, release.night, release.night - timedelta(days=NIGHTS - 1), release.night
    )
    frames = [
        feature_frames.frame(con, alias, population, sorted(live.reader.columns), tables)
        for alias, tables in ((OLD, read_table_keys(old)), (NEW, read_table_keys(new)))
    ]
    before, after = (live.model.predict(each) for each in frames)
    moved = np.abs(before - after)
    last = find_last_mature(release.night, spec.label_maturity_nights)
    nights = pd.to_datetime(population[spec.population.night])
    is_judged = (population[spec.target.column].notna() & (nights <= pd.Timestamp(last))).to_numpy()
    judged = [_make_scored(population, spec, is_judged, each) for each in (before, after)]
    return ScoreDiff(
        reader=live.reader,
        nights=int(nights.nunique()),
        rows=len(population),
        moved=int((moved > MOVED).sum()),
        largest=float(moved.max()) if len(moved) else 0.0,
        rank_correlation=_rank_correlation(before, after),
        old=judged[0].metrics() if judged[0] else None,
        new=judged[1].metrics() if judged[1] else None,
        difference=_estimate_gain(judged[0], judged[1], spec) if judged[0] and judged[1] else None,
    )


def find_learner(specs: tuple[Spec, Spec], champion: str) -> str | None:
    """The champion's algorithm, else `LEARNER`, else the first that both the old and the new spec fit; None if none."""
    old, new = (each.algorithms.list_declared() for each in specs)
    fitted = [name for name in new if name in old and name != HeuristicModel.algorithm]
    return next((each for each in (champion, LEARNER, *fitted) if each in fitted), None)


def retrain(
    con: duckdb.DuckDBPyConnection,
    specs: tuple[Spec, Spec],
    release: Release,
    projects: tuple[Project, Project],
    *,
    learner: str,
) -> Gain:
    """Fit one algorithm on the old and on the new features, and compare the two on the test window.

    Both states are attached to the connection. Specs and projects are the old and the new one; the two specs may
    name other features. The windows go by the release's night.
    """
    began = time.perf_counter()
    old_spec, spec = specs
    span = spec.split.history_nights + spec.split.validation_nights + spec.split.test_nights
    last = find_last_mature(release.night, spec.label_maturity_nights)
    first = last - timedelta(days=span + 2 * spec.label_maturity_nights)
    population = _read_population(con, spec, release.night, first, last)
    population = population[population[spec.target.column].notna()].reset_index(drop=True)
    first_night = pd.Timestamp(population[spec.population.night].min()).date()
    spans = plan_windows(
        release.night, spec.split, maturity=spec.label_maturity_nights, first_night=first_night
    )
    judged = []
    for alias, each, project in zip((OLD, NEW), (old_spec, spec), projects, strict=True):
        inputs = Inputs.of(each)
        tables = read_table_keys(project)
        frame = feature_frames.frame(
            con, alias, population, dict.fromkeys([*inputs.numeric, *inputs.categorical]), tables
        )
        training = Training(
            train=make_examples(select_rows(frame, each, spans.train), each),
            valid=make_examples(select_rows(frame, each, spans.validation), each),
            inputs=inputs,
            seed=SEED,
            threads=settings().threads,
        )
        model = algorithm(learner).fit(training, each.algorithms.list_declared()[learner])
        judged.append(_score_window(model, frame, each, spans.test))
    gain = _estimate_gain(judged[0], judged[1], spec)
    losses = [each.metrics().log_loss or float("nan") for each in judged]
    seconds = time.perf_counter() - began
    return Gain(spec.model, learner, judged[0].labels.size, losses[0], losses[1], gain, seconds)


def _estimate_gain(old: Scored, new: Scored, spec: Spec) -> Interval | None:
    return estimate_improvement(new, old, "log_loss", confidence=spec.gates.confidence)


def _score_window(model: Model[Any], frame: pd.DataFrame, spec: Spec, window: Window) -> Scored:
    rows = select_rows(frame, spec, window)
    return Scored(make_examples(rows, spec).labels, model.predict(rows), rows[spec.population.night])


def _read_population(
    con: duckdb.DuckDBPyConnection, spec: Spec, known_by: date, first: date, last: date
) -> pd.DataFrame:
    """Rows of some nights with the labels that were known by the cutoff of a night, by key, as they were before."""
    population, target = spec.population, spec.target
    label = f"CASE WHEN {target.known_at} <= ? THEN {target.column} END AS {target.column}"
    return con.execute(
        f"SELECT {spec.schedule_select()}, {label} FROM {OLD}.{population.relation} "
        f"WHERE {population.night} BETWEEN ? AND ? ORDER BY {population.key}",
        [cutoff(known_by).replace(tzinfo=None), first, last],
    ).df()


def _make_scored(
    population: pd.DataFrame, spec: Spec, is_judged: np.ndarray, probabilities: np.ndarray
) -> Scored | None:
    if not is_judged.any():
        return None
    rows = population[is_judged]
    return Scored(make_examples(rows, spec).labels, probabilities[is_judged], rows[spec.population.night])


def _rank_correlation(before: np.ndarray, after: np.ndarray) -> float | None:
    from scipy.stats import spearmanr

    if len(before) < 2 or np.ptp(before) == 0 or np.ptp(after) == 0:
        return None
    return float(spearmanr(before, after).statistic)
