"""The heuristic's formula from the spec and the release alone: no artifact, no registry, no feature service."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from redeye.champions.serving_versions import find_input_columns
from redeye.declarations.calendar import ONE_DAY, cutoff
from redeye.declarations.spec_fields import name_column
from redeye.declarations.specs import Spec
from redeye.features import feature_frames
from redeye.foundation.errors import NotReleased, try_in_turn
from redeye.models.algorithms.base import Model
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.scoring import outputs_store
from redeye.warehouse import lake
from redeye.warehouse.logic.releases import Release

# Whose labels tell how often the outcome comes at all.
NIGHTS = 28


def read_inputs(spec: Spec, model: Model, release: Release, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every column that a model reads, straight from the release's feature tables."""
    with lake.connect_at(release.snapshot_id) as con:
        tables = feature_frames.find_table_keys(con, "warehouse", spec.entity_keys)
        return feature_frames.frame(con, "warehouse", rows, sorted(find_input_columns(model)), tables)


def fit_last_resort(
    spec: Spec, release: Release, rows: pd.DataFrame, night: date, failures: list[str]
) -> tuple[HeuristicModel, pd.DataFrame]:
    """The heuristic with the base rate of newly known labels, and its inputs for some rows.

    Where the inputs cannot be read they are empty, and every row has the base rate. What cannot be read is appended
    to `failures`.

    Raises:
        NotReleased: if neither a label nor an earlier prediction is known.
    """
    declared = spec.algorithms.heuristic
    successes, trials = name_column(declared.successes), name_column(declared.trials)
    prior = try_in_turn(
        [
            ("the base rate", lambda: _read_base_rate(spec, release, night)),
            ("the mean of predictions", lambda: _read_mean_baseline(spec, night)),
        ],
        failures,
    )
    model = HeuristicModel(successes, trials, prior, declared.prior_strength)
    frame = try_in_turn(
        [
            ("reading its inputs", lambda: read_inputs(spec, model, release, rows)),
            ("no inputs", lambda: rows.assign(**{successes: np.nan, trials: np.nan})),
        ],
        failures,
    )
    return model, frame


def _read_base_rate(spec: Spec, release: Release, night: date) -> float:
    """The share of true labels among those known by the night's cutoff, kept off 0 and 1 by a row of each."""
    population, target = spec.population, spec.target
    with lake.connect_at(release.snapshot_id) as con:
        row = con.execute(
            f"SELECT count(*) FILTER (WHERE {target.column}), count(*) FROM warehouse.{population.relation} "
            f"WHERE {target.column} IS NOT NULL AND {target.known_at} <= ? AND {population.night} BETWEEN ? AND ?",
            [cutoff(night).replace(tzinfo=None), night - timedelta(days=NIGHTS), night],
        ).fetchone()
    late, known = row or (0, 0)
    if not known:
        raise NotReleased(f"no label of the {NIGHTS} nights before {night} is known in {release.release_id}")
    return (float(late) + 1.0) / (float(known) + 2.0)


def _read_mean_baseline(spec: Spec, night: date) -> float:
    """What the heuristic gave the nights before, on average."""
    rows = outputs_store.read("predictions", spec.model, night - timedelta(days=NIGHTS), night - ONE_DAY)
    if rows.empty:
        raise NotReleased(f"{spec.model}: nothing was predicted in the {NIGHTS} nights before {night}")
    return float(rows["baseline_probability"].mean())
