"""Columns of planes, airports and airlines that must agree with what is known of them already."""

from __future__ import annotations

import pandas as pd

from flights.arrivals.flights import great_circle_miles
from redeye.audits.logic.known_times import add_known_at_columns


def derive_planes(frame: pd.DataFrame) -> pd.DataFrame:
    """The planes' checks: how old each is in the year of its night; missing where its year is."""
    frame = add_known_at_columns(frame)
    return frame.assign(age_years=frame["night"].dt.year - frame["year"])


def derive_airports(frame: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """The airports' checks; missing for airports that are not among the known `places`."""
    frame = add_known_at_columns(frame)
    known = places.set_index("code").reindex(frame["faa"].to_numpy()).reset_index(drop=True)
    stated = pd.DataFrame({"latitude": frame["lat"].to_numpy(), "longitude": frame["lon"].to_numpy()})
    is_listed = known["zone"].notna()
    differs = (known["zone"] != frame["tzone"].reset_index(drop=True)).astype("float64").where(is_listed)
    return frame.assign(
        known_place_error_miles=great_circle_miles(stated.astype("float64"), known).to_numpy(),
        known_zone_differs=differs.to_numpy(),
    )
