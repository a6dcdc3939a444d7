"""A carrier that flies under another's code from a night on is refused, unless the succession is declared."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from redeye.audits import night_profiles
from redeye.audits.audit import audit_many
from redeye.declarations.project import project
from redeye.declarations.successions import Succession

from .real_deliveries import NIGHT, Frames  # noqa: TID252 - the tests are no package of their own

SUITE = "arrivals/schedule"


def judge(
    first_night: date | None, night: Frames, history: Frames, patch: pytest.MonkeyPatch
) -> dict[str | None, str]:
    """What is refused of a schedule in which US flies as G4, by column."""
    declared = project()
    if first_night:
        said = Succession(
            column="carrier",
            key="carrier_id",
            old="US",
            new="G4",
            first_night=first_night,
            because="For a test.",
        )
        declared = declared.model_copy(update={"successions": (said,)})
    patch.setattr(night_profiles, "project", lambda: declared)
    renamed = night[SUITE].assign(carrier=night[SUITE]["carrier"].replace("US", "G4"))
    result = audit_many({SUITE: renamed}, subject="renamed", history=history)[SUITE]
    return {failure.column: failure.observed for failure in result.failures}


def test_an_undeclared_change_of_code_is_refused(
    night: dict[str, pd.DataFrame], history: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "carriers_missing" in judge(None, night, history, monkeypatch)


def test_a_declared_one_passes_from_its_first_night_on(
    night: dict[str, pd.DataFrame], history: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judge(NIGHT, night, history, monkeypatch) == {}
    assert "carriers_missing" in judge(date(2013, 4, 5), night, history, monkeypatch)
