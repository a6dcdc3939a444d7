"""The labelled rows of a release with their features, as walks over past nights read them."""

from __future__ import annotations

from datetime import date

import pandas as pd

from redeye.declarations.specs import Spec
from redeye.features.feast_frames import read_feature_frame
from redeye.warehouse import lake
from redeye.warehouse.logic.releases import Release


def find_labelled_nights(spec: Spec, release: Release) -> tuple[date, date] | None:
    """The first and the last night with a labelled row; None if there is none."""
    con = lake.connect_at(release.snapshot_id)
    try:
        night = spec.population.night
        found = con.execute(
            f"SELECT min({night}), max({night}) FROM warehouse.{spec.population.relation} "
            f"WHERE {spec.target.column} IS NOT NULL"
        ).fetchone()
    finally:
        con.close()
    if found is None or found[0] is None:
        return None
    first, last = (pd.Timestamp(each).date() for each in found)
    return first, last


def read_labelled_frame(spec: Spec, release: Release) -> pd.DataFrame:
    """Every labelled row with its features and when its label became known, by key.

    Features are those known at the cutoff of the row's own night.
    """
    population, target = spec.population, spec.target
    con = lake.connect_at(release.snapshot_id)
    try:
        entities = con.execute(
            f"SELECT {spec.schedule_select()}, {target.column}, {target.known_at} "
            f"FROM warehouse.{population.relation} WHERE {target.column} IS NOT NULL ORDER BY {population.key}"
        ).df()
    finally:
        con.close()
    return read_feature_frame(release.snapshot_id, entities, spec.feature_service)
