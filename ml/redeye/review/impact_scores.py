"""What a change of features does to the predictions of the versions that serve."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from redeye.champions.serving_versions import ServingVersion
from redeye.declarations.calendar import cutoff, shift_nights
from redeye.declarations.specs import Spec
from redeye.features import feature_frames
from redeye.features.feature_frames import read_table_keys
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.evaluation import Interval, Scored, estimate_improvement
from redeye.models.logic.splits import find_last_mature
from redeye.models.logic.training import make_examples
from redeye.review.logic.impact_measures import Measures
from redeye.review.logic.impact_moves import ColumnMove, ScoreDiff
from redeye.review.table_diff import NEW, OLD
from redeye.warehouse.logic.dbt_models import Project
from redeye.warehouse.logic.releases import Release

NIGHTS = 28
# A probability that moves by no more is told as the same; of other numbers, such a part of how far the old ones spread.
MOVED = 0.001


def rescore_version(
    con: duckdb.DuckDBPyConnection,
    spec: Spec,
    live: ServingVersion,
    release: Release,
    old: Project,
    new: Project,
) -> ScoreDiff:
    """A version's predictions of the last 28 nights' rows and of the coming day's, with old and new features.

    Both states are attached to the connection; `old` and `new` are the projects that they are built by.
    """
    population = read_population(
        con, OLD, spec, release.night, shift_nights(release.night, 1 - NIGHTS), release.night
    )
    coming = con.execute(
        f"SELECT {spec.schedule_select()} FROM {OLD}.{spec.schedule} WHERE {spec.population.night} = ? "
        f"ORDER BY {spec.population.key}",
        [release.night],
    ).df()
    # The label is not read: only the coming day's rows lack it.
    rows = pd.concat([population.drop(columns=spec.target.column), coming], ignore_index=True)
    frames = [
        feature_frames.frame(con, alias, rows, sorted(live.reader.columns), tables)
        for alias, tables in ((OLD, read_table_keys(old)), (NEW, read_table_keys(new)))
    ]
    before, after = (np.asarray(live.model.predict(each), dtype=np.float64) for each in frames)
    kind, count = find_kind(spec), len(population)
    threshold = MOVED if kind.amount.is_share else MOVED * float(before.std())
    sides = kind.split(before), kind.split(after)
    is_moved = np.any([np.abs(sides[0][name] - sides[1][name]) > threshold for name in kind.columns], axis=0)
    last = find_last_mature(release.night, spec.label_maturity_nights)
    nights = pd.to_datetime(population[spec.population.night])
    is_judged = (population[spec.target.column].notna() & (nights <= pd.Timestamp(last))).to_numpy()
    judged = [_make_scored(population, spec, is_judged, each[:count]) for each in (before, after)]
    return ScoreDiff(
        reader=live.reader,
        measures=Measures.of(kind),
        nights=int(nights.nunique()),
        rows=count,
        moved=int(is_moved[:count].sum()),
        coming=len(coming),
        coming_moved=int(is_moved[count:].sum()),
        columns=tuple(compare_columns(kind, before[:count], after[:count], threshold)),
        old=judged[0].metrics() if judged[0] else None,
        new=judged[1].metrics() if judged[1] else None,
        difference=_estimate_gain(judged[0], judged[1], spec) if judged[0] and judged[1] else None,
    )


def compare_columns(
    kind: Kind, before: np.ndarray, after: np.ndarray, threshold: float
) -> Iterator[ColumnMove]:
    """What becomes of each number of the same rows' predictions, and of what is said of them in words."""
    old, new = (kind.tell(pd.DataFrame(kind.split(each))) for each in (before, after))
    for name in kind.columns:
        one, other = old[name].to_numpy(), new[name].to_numpy()
        moved, title = np.abs(one - other), kind.shown.get(name, name)
        if not moved.size:
            yield ColumnMove(title, 0)
            continue
        yield ColumnMove(
            title,
            int((moved > threshold).sum()),
            largest=float(moved.max()),
            mean_old=float(one.mean()),
            mean_new=float(other.mean()),
            rank_correlation=_correlate_ranks(one, other),
        )
    for name in kind.texts:
        yield ColumnMove(kind.shown.get(name, name), int((old[name] != new[name]).sum()))


def _estimate_gain(old: Scored, new: Scored, spec: Spec) -> Interval | None:
    return estimate_improvement(new, old, new.LOSS, confidence=spec.gates.confidence)


def read_population(
    con: duckdb.DuckDBPyConnection, alias: str, spec: Spec, known_by: date, first: date, last: date
) -> pd.DataFrame:
    """Rows of some nights of an attached state, by key, with the labels that were known by the cutoff of a night."""
    population, target = spec.population, spec.target
    learned = find_kind(spec).select_learned(target.column)
    label = f"CASE WHEN {target.known_at} <= ? THEN {learned} END AS {target.column}"
    return con.execute(
        f"SELECT {spec.schedule_select()}, {label} FROM {alias}.{population.relation} "
        f"WHERE {population.night} BETWEEN ? AND ? ORDER BY {population.key}",
        [cutoff(known_by).replace(tzinfo=None), first, last],
    ).df()


def _make_scored(
    population: pd.DataFrame, spec: Spec, is_judged: np.ndarray, predictions: np.ndarray
) -> Scored | None:
    if not is_judged.any():
        return None
    rows = population[is_judged]
    return find_kind(spec).score_frame(
        rows, make_examples(rows, spec).labels, predictions[is_judged], rows[spec.population.night]
    )


def _correlate_ranks(before: np.ndarray, after: np.ndarray) -> float | None:
    from scipy.stats import spearmanr

    if len(before) < 2 or np.ptp(before) == 0 or np.ptp(after) == 0:
        return None
    return float(spearmanr(before, after).statistic)
