"""The profile of a delivery's nights: what the contract has measured, and what the project computes beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import pandas as pd

from redeye.audits.contract_files import ARRIVALS, find_contract
from redeye.audits.declared_checks import Step, arrival_checks
from redeye.audits.logic.contract import NIGHT, Contract
from redeye.audits.logic.night_measures import list_columns, measure_nights
from redeye.audits.logic.typed_frames import parse_frame
from redeye.declarations.calendar import list_holidays
from redeye.foundation.settings import settings

NIGHTS_BACK = 28
"""Days before a night with whose nights it is compared."""


def make_profile_step(
    suite: str, judged: Mapping[str, pd.DataFrame], history: Mapping[str, pd.DataFrame], root: Path
) -> Step | None:
    """The function that makes the profile of a suite's typed frame; None if no night of it is judged.

    Args:
        suite: of the rows.
        judged: what is judged together, as text by suite.
        history: earlier accepted nights, likewise.
        root: folder of the suites.
    """
    if not suite.startswith(ARRIVALS):
        return None
    contract = find_contract(suite.removeprefix(ARRIVALS), root)
    computed = arrival_checks().profile_step(suite, judged, history)
    if contract.nights is None:
        return None
    return partial(_profile, contract=contract, computed=computed, history=history.get(suite))


def _profile(
    frame: pd.DataFrame, *, contract: Contract, computed: Step | None, history: pd.DataFrame | None
) -> pd.DataFrame:
    nights = computed(frame) if computed else frame.groupby(NIGHT).size().rename("rows").reset_index()
    measures = contract.measures
    if not measures:
        return nights
    columns = [NIGHT, *list_columns(measures.values(), contract.terms.continuity)]
    types = {column: contract.rows.suite.types[column] for column in columns}
    past = None if history is None else parse_frame(history[columns], types)[0]
    is_ahead = contract.terms.expected_on is not None and contract.terms.expected_on.of == "coming_day"
    shift = settings().shift_weeks
    years = {
        (night - timedelta(weeks=shift)).year + by
        for night in frame[NIGHT].dropna().unique()
        for by in (-1, 0, 1)
    }
    measured = measure_nights(
        frame[columns],
        past,
        measures,
        continuity=contract.terms.continuity,
        holidays=list(list_holidays(years, shift_weeks=shift)),
        days_ahead=int(is_ahead),
        nights_back=NIGHTS_BACK,
    )
    return nights.merge(measured, on=NIGHT, how="left")
