"""The heuristic's formula from the spec and the release alone: no artifact, no registry, no feature service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from redeye.champions.serving_versions import find_input_columns
from redeye.declarations.calendar import cutoff, find_previous_night, shift_nights
from redeye.declarations.spec_algorithms import HEURISTIC
from redeye.declarations.spec_fields import name_column
from redeye.declarations.specs import Spec
from redeye.features import feature_frames
from redeye.foundation.errors import NotReleased, try_in_turn
from redeye.models.algorithms.base import Examples, Floats, Inputs, Model, Training
from redeye.models.kinds.interface import find_kind, stack_columns
from redeye.scoring import outputs_store
from redeye.warehouse import lake
from redeye.warehouse.logic.releases import Release

# Whose labels the last resort is fitted to.
NIGHTS = 28


def read_inputs(spec: Spec, model: Model, release: Release, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every column that a model reads, straight from the release's feature tables."""
    return _read_columns(spec, release, rows, sorted(find_input_columns(model)))


def _read_columns(spec: Spec, release: Release, rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    with lake.connect_at(release.snapshot_id) as con:
        tables = feature_frames.find_table_keys(con, "warehouse", spec.entity_keys)
        return feature_frames.frame(con, "warehouse", rows, columns, tables)


def fit_last_resort(
    spec: Spec, release: Release, rows: pd.DataFrame, night: date, failures: list[str]
) -> tuple[Model[Any], pd.DataFrame]:
    """The heuristic, fitted to newly known labels, and its inputs for some rows.

    Where its inputs cannot be read, every row has the base rate. What cannot be read is appended to `failures`.

    Raises:
        NotReleased: if neither a label nor an earlier prediction is known.
    """
    kind = find_kind(spec)

    def fit_with_inputs() -> tuple[Model[Any], pd.DataFrame]:
        return _fit_with_inputs(spec, release, _read_labelled(spec, release, night), rows)

    def fit_rate_alone() -> tuple[Model[Any], pd.DataFrame]:
        labels = _read_labelled(spec, release, night)[spec.target.column].to_numpy(dtype=np.float64)
        return kind.make_constant(kind.learn_base(labels)), rows

    return try_in_turn(
        [
            ("reading its inputs", fit_with_inputs),
            ("the base rate", fit_rate_alone),
            (
                "the mean of predictions",
                lambda: (kind.make_constant(_read_mean_baseline(spec, night)), rows),
            ),
        ],
        failures,
    )


def _fit_with_inputs(
    spec: Spec, release: Release, labelled: pd.DataFrame, rows: pd.DataFrame
) -> tuple[Model[Any], pd.DataFrame]:
    declared = spec.algorithms.heuristic
    counts = [name_column(each) for each in (declared.successes, declared.trials) if each is not None]
    known = _read_columns(spec, release, labelled, [*counts, *declared.groups])
    examples = Examples(known, known[spec.target.column].to_numpy(dtype=np.float64))
    training = Training(examples, examples, Inputs.of(spec), seed=0, threads=1)
    model = find_kind(spec).fit(HEURISTIC, training, declared)
    return model, read_inputs(spec, model, release, rows)


def _read_labelled(spec: Spec, release: Release, night: date) -> pd.DataFrame:
    """Rows of the last nights whose label was known by the night's cutoff."""
    population, target = spec.population, spec.target
    label = find_kind(spec).select_learned(target.column)
    with lake.connect_at(release.snapshot_id) as con:
        found = con.execute(
            f"SELECT {spec.schedule_select()}, {label} AS {target.column} "
            f"FROM warehouse.{population.relation} WHERE {label} IS NOT NULL "
            f"AND {target.known_at} <= ? AND {population.night} BETWEEN ? AND ? ORDER BY {population.key}",
            [cutoff(night).replace(tzinfo=None), shift_nights(night, -NIGHTS), night],
        ).df()
    if found.empty:
        raise NotReleased(f"no label of the {NIGHTS} nights before {night} is known in {release.release_id}")
    return found


def _read_mean_baseline(spec: Spec, night: date) -> Floats:
    """What the heuristic gave the nights before, on average."""
    rows = outputs_store.read(
        "predictions", spec.model, shift_nights(night, -NIGHTS), find_previous_night(night)
    )
    if rows.empty:
        raise NotReleased(f"{spec.model}: nothing was predicted in the {NIGHTS} nights before {night}")
    return np.asarray(stack_columns(rows, find_kind(spec).baseline_columns).mean(axis=0))
