"""Predictions with the labels that have matured since."""

from __future__ import annotations

from datetime import date

import pandas as pd

from redeye.declarations.calendar import cutoff
from redeye.declarations.specs import Spec
from redeye.models.kinds.interface import find_kind
from redeye.monitoring.logic.maturity import Labels
from redeye.scoring import outputs_store
from redeye.warehouse import lake
from redeye.warehouse.logic.releases import Release


def count_known_labels(
    spec: Spec, release: Release, night: date, before: date, first: date, last: date
) -> list[Labels]:
    """How complete the outcomes of the nights `first` to `last` are, at the cutoff of `night`.

    `before` is the last night before it that was built. What came since then is told of every earlier night too.
    """
    population, known_at = spec.population, spec.target.known_at
    now, then = (cutoff(each).replace(tzinfo=None) for each in (night, before))
    with lake.connect_at(release.snapshot_id) as con:
        rows = con.execute(
            f"SELECT {population.night}, count(*), count(*) FILTER (WHERE {known_at} <= $now), "
            f"count(*) FILTER (WHERE {known_at} <= $then), "
            f"count(*) FILTER (WHERE {known_at} > $then AND {known_at} <= $now) "
            f"FROM warehouse.{population.relation} WHERE {population.night} BETWEEN $first AND $last "
            f"OR {population.night} IN (SELECT {population.night} FROM warehouse.{population.relation} "
            f"WHERE {known_at} > $then AND {known_at} <= $now AND {population.night} < $first) "
            "GROUP BY ALL ORDER BY 1",
            {"now": now, "then": then, "first": first, "last": last},
        ).fetchall()
    return [Labels(*row) for row in rows]


def read_matured_predictions(
    spec: Spec, release: Release, night: date, first: date, last: date
) -> pd.DataFrame:
    """Live predictions of the nights `first` to `last` with their labels as known at the cutoff of `night`.

    A label that became known later is left out; that those of `last` are mature is for the caller to see to.

    Returns:
        The predictions that have a label, one row per subject, with the label as a number.
    """
    population, target = spec.population, spec.target
    label = find_kind(spec).select_label(target.column)
    with lake.connect_at(release.snapshot_id) as con:
        predictions = outputs_store.read("predictions", spec.model, first, last, con=con)
        labels = con.execute(
            f"SELECT {population.key}, {label} AS label "
            f"FROM warehouse.{population.relation} WHERE {population.night} BETWEEN ? AND ? "
            # What is none of the kind is no label: the change of schema is named with the drift.
            f"AND {label} IS NOT NULL AND {target.known_at} <= ?",
            [first, last, cutoff(night).replace(tzinfo=None)],
        ).df()
    return predictions.merge(labels, on=population.key, how="inner", validate="one_to_one")
