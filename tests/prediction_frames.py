"""A few predictions, as they are exported."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from redeye.declarations.project import project
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import SPECS
from redeye.models.kinds.interface import find_kind
from redeye.scoring.logic.predictions import Lineage, assemble

ROWS = 5
KIND = find_kind(load_spec(SPECS / "flight_delay.yaml"))


def make_flights() -> pd.DataFrame:
    """Five flights of a schedule."""
    return pd.DataFrame(
        {
            "flight_id": [f"2013-04-04_AA_{n}_JFK_LAX_0900" for n in range(ROWS)],
            "flight_date": pd.Timestamp("2013-04-04"),
            "carrier_id": "AA",
            "flight_number_id": [f"AA-{n}" for n in range(ROWS)],
            "origin_id": "JFK",
            "destination_id": "LAX",
            "scheduled_departure_at": pd.Timestamp("2013-04-04 13:05").as_unit("us"),
        }
    )


def make_predictions(model: str, night: date) -> pd.DataFrame:
    """Predictions of five flights."""
    lineage = Lineage(model, night, "release-1", 3, "xgboost", "flight_delay_v1", "run-1")
    return assemble(
        make_flights(), np.linspace(0.1, 0.6, ROWS), np.full(ROWS, 0.2), lineage, project().subject, KIND
    )
