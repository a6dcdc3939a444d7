"""A night's predictions are judged as a whole: complete, ordered, spread, of one lineage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pytest
from prediction_frames import KIND

from redeye.audits.audit import audit
from redeye.declarations.project import project
from redeye.scoring.logic.predictions import Lineage, assemble, derive_predictions, list_recalibration

NIGHT = date(2013, 4, 4)
ROWS = 40
DERIVE = partial(derive_predictions, subject=project().subject, kind=KIND)
SUITE = "predictions/flight_delay"


def predictions() -> pd.DataFrame:
    flights = pd.DataFrame(
        {
            "flight_id": [f"2013-04-05_AA_{n}_JFK_LAX_0900" for n in range(ROWS)],
            "flight_date": date(2013, 4, 5),
            "carrier_id": "AA",
            "flight_number_id": [f"AA-{n}" for n in range(ROWS)],
            "origin_id": "JFK",
            "destination_id": "LAX",
            "scheduled_departure_at": pd.Timestamp("2013-04-05 13:00"),
        }
    )
    lineage = Lineage("flight_delay", NIGHT, "release-1", 3, "xgboost", "flight_delay_v1", "run-1")
    frame = assemble(
        flights, np.linspace(0.1, 0.6, ROWS), np.full(ROWS, 0.2), lineage, project().subject, KIND
    )
    return frame.drop(columns=list_recalibration(KIND)).assign(scheduled_rows=ROWS)


def test_sound_predictions_pass_degraded_or_not() -> None:
    degraded = predictions().assign(is_degraded=True, degraded_reason="the night's build was refused")
    for frame in (predictions(), degraded):
        assert audit(SUITE, frame, subject="predictions", derive=DERIVE).message().startswith("Audit of")


WRONG: list[tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = [
    ("probability", lambda f: f.assign(probability=f["probability"] + 0.6)),
    ("probability", lambda f: f.assign(probability=f["probability"].mask(f["rank"] == 3))),
    ("flight_id", lambda f: pd.concat([f.iloc[:-1], f.iloc[:1]])),
    ("rows_missing", lambda f: f.iloc[:-1]),
    ("rank", lambda f: f.assign(rank=1)),
    ("rank_error", lambda f: f.assign(rank=f["rank"].to_numpy()[::-1])),
    ("rank_beyond_rows", lambda f: f.assign(rank=f["rank"] - 1)),
    ("spread_probability", lambda f: f.assign(probability=0.2)),
    ("same_probabilities", lambda f: f.assign(probability=f["probability"].clip(upper=0.2))),
    ("mean_probability", lambda f: f.assign(probability=f["probability"] / 100)),
    ("days_ahead", lambda f: f.assign(flight_date=NIGHT)),
    ("lineages", lambda f: f.assign(model_version=[3] * (ROWS - 1) + [4])),
    ("release_id", lambda f: f.assign(release_id=None)),
    ("run_id", lambda f: f.assign(run_id="")),
    ("is_unexplained", lambda f: f.assign(is_degraded=True)),
    ("algorithm", lambda f: f.drop(columns="algorithm")),
    ("None", lambda f: f.iloc[:0]),
]


@pytest.mark.parametrize(
    ("column", "damage"), WRONG, ids=[f"{n}-{column}" for n, (column, _) in enumerate(WRONG)]
)
def test_wrong_predictions_are_refused_by_name(
    column: str, damage: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    result = audit(SUITE, damage(predictions()), subject="predictions", derive=DERIVE)
    assert not result.is_success
    assert column in [str(failure.column) for failure in result.failures]
