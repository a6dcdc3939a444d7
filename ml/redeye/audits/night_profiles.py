"""The profile of a delivery's nights: what the contract has measured, and what the project computes beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache, partial
from pathlib import Path

import pandas as pd

from redeye.audits.contract_files import ARRIVALS, find_contract
from redeye.audits.declared_checks import Step, arrival_checks
from redeye.audits.logic.contract import NIGHT, Contract
from redeye.audits.logic.night_measures import list_columns, measure_nights
from redeye.audits.logic.typed_frames import parse_frame
from redeye.declarations.project import project
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
    known = frame[NIGHT].dropna().dt.year
    measured = measure_nights(
        frame[columns],
        past,
        measures,
        continuity=contract.terms.continuity,
        holidays=_list_holidays(int(known.min()), int(known.max())) if len(known) else (),
        days_ahead=int(is_ahead),
        nights_back=NIGHTS_BACK,
    )
    return nights.merge(measured, on=NIGHT, how="left")


@lru_cache(maxsize=8)
def _list_holidays(first_year: int, last_year: int) -> tuple[date, ...]:
    """The public holidays of some years and those around them; those of a shifted calendar are shifted with it."""
    import holidays

    shift = timedelta(weeks=settings().shift_weeks)
    years = range((date(first_year, 1, 1) - shift).year - 1, (date(last_year, 12, 31) - shift).year + 2)
    return tuple(sorted(day + shift for day in holidays.country_holidays(project().holidays, years=years)))
