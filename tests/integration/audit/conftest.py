"""A real night of deliveries with the 28 nights before it, as text."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from flights.arrival_audits import ArrivalAudits

from .real_deliveries import NIGHT, Frames, delivered, of_nights  # noqa: TID252 - the tests are no package of their own


@pytest.fixture(scope="session")
def month() -> Frames:
    """The night and the 28 before it."""
    return delivered(NIGHT - timedelta(days=ArrivalAudits.history_nights), NIGHT)


@pytest.fixture(scope="session")
def dimensions() -> Frames:
    """Planes, airports and airlines, which come with the first night."""
    return delivered(date(2012, 12, 31), date(2012, 12, 31))


@pytest.fixture(scope="session")
def night(month: Frames, dimensions: Frames) -> dict[str, pd.DataFrame]:
    """The frames of one night by suite; the dimensions are those of the first."""
    frames = of_nights(month, lambda nights: nights == NIGHT.isoformat())
    return frames | {f"arrivals/{name}": dimensions[name] for name in ("planes", "airports", "airlines")}


@pytest.fixture(scope="session")
def history(month: Frames) -> dict[str, pd.DataFrame]:
    """The frames of the nights before, by suite."""
    return of_nights(month, lambda nights: nights < NIGHT.isoformat())
