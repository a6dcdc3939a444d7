"""Drift of a night's live predictions against what the champion learned from, and Evidently's reports on it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.core.drift import DriftFinding
from redeye.core.releases import Promotion, Release
from redeye.core.specs import Spec


def measure(spec: Spec, night: date, release: Release, champion: Promotion) -> DriftFinding:
    """The drift of a night and of the week that ends with it.

    Args:
        spec: of the model.
        night: whose predictions are compared; they must have been scored.
        release: to read matured labels from, as known at the night's cutoff.
        champion: of the night; its training is the reference.

    Returns:
        Rows for the table `drift`, to be written with the verdict, and the finding of each span.
    """
    raise NotImplementedError


def write_report(
    spec: Spec, night: date, rows: pd.DataFrame, release: Release, champion: Promotion
) -> list[Path]:
    """Write Evidently's pages on a night, `<home>/reports/<model>/<night>/{night,week}.html`.

    Args:
        spec: of the model.
        night: of the report.
        rows: of the table `drift` for the night; the page begins with what they say.
        release: to read matured labels from.
        champion: of the night.
    """
    raise NotImplementedError


def report_night(model: str, night: date) -> dict[str, Any]:
    """What the task `write_reports` does: read what was decided on a night, and write its pages.

    Raises:
        NotReleased: if the night has not been monitored.
    """
    raise NotImplementedError


def prune_reports(keep: int) -> list[Path]:
    """Remove the reports of all but the newest `keep` nights of each model; what was removed."""
    raise NotImplementedError
