"""Rows that schedules and the loop are played on."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from made_rows import FIRST, made_frame, short_spec

TURNS = FIRST + timedelta(days=65)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Rows whose outcome turns against what was learned from one night on."""
    spec = short_spec()
    rows = made_frame(spec, nights=120, per_night=80)
    random = np.random.default_rng(7)
    signal = rows[spec.numeric_columns[0]].to_numpy()
    has_turned = (rows["night"] >= pd.Timestamp(TURNS)).to_numpy()
    rows["is_late"] = random.random(len(rows)) < np.where(has_turned, 0.9 - 0.8 * signal, 0.1 + 0.8 * signal)
    rows["outcome_known_at"] = rows["night"] + pd.Timedelta(hours=40)
    return rows
