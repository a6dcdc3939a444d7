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
from redeye.audits.logic.reference_rates import ReferenceRate, measure_rates
from redeye.audits.logic.typed_frames import parse_frame
from redeye.audits.suite_files import find_rates, load_suite
from redeye.declarations.calendar import list_holidays
from redeye.declarations.project import project
from redeye.declarations.successions import rename_codes
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
    judged, history = _follow(judged, judged[suite]), _follow(history, judged[suite])
    computed = arrival_checks().profile_step(suite, judged, history)
    rates = find_rates(contract.name, root)
    if contract.nights is None and not rates:
        return None
    profile = partial(_profile, contract=contract, computed=computed, history=history.get(suite))
    if not rates:
        return profile
    return partial(
        _add_rates, suite=suite, profile=profile, rates=rates, judged=judged, history=history, root=root
    )


def _add_rates(
    frame: pd.DataFrame,
    *,
    suite: str,
    profile: Step,
    rates: list[ReferenceRate],
    judged: Mapping[str, pd.DataFrame],
    history: Mapping[str, pd.DataFrame],
    root: Path,
) -> pd.DataFrame:
    """The profile of the typed frame with its rates of references."""
    (frame,) = _follow({"": frame}, frame).values()
    ours = tuple(dict.fromkeys(column for rate in rates for column in rate.ours))
    measured = measure_rates(
        frame[[NIGHT, *ours]],
        _read_columns(suite, [history[suite]], ours, root) if suite in history else None,
        rates,
        partial(_read_other, judged=judged, history=history, root=root),
        nights_back=NIGHTS_BACK,
    )
    return profile(frame).merge(measured, on=NIGHT, how="left")


def _read_other(
    rate: ReferenceRate,
    *,
    judged: Mapping[str, pd.DataFrame],
    history: Mapping[str, pd.DataFrame],
    root: Path,
) -> pd.DataFrame | None:
    """The rows of the other dataset of a rate, typed; None if none are known, or what is judged has another shape."""
    suite = f"{ARRIVALS}{rate.dataset}"
    known = [history[suite]] if suite in history else []
    if suite in judged and list(judged[suite].columns) == list(load_suite(suite, root).types):
        known.append(judged[suite])
    return _read_columns(suite, known, rate.others, root) if known else None


def _read_columns(
    suite: str, frames: list[pd.DataFrame], columns: tuple[str, ...], root: Path
) -> pd.DataFrame:
    types = load_suite(suite, root).types
    wanted = list(dict.fromkeys((NIGHT, *columns)))
    rows = pd.concat([frame[wanted] for frame in frames], ignore_index=True)
    return parse_frame(rows, {column: types[column] for column in wanted})[0]


def _follow(frames: Mapping[str, pd.DataFrame], judged: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """Frames in which a code is that of its holder in the newest judged night: nights are compared by holders."""
    declared = project().successions
    if not declared or NIGHT not in judged:
        return frames
    newest = pd.to_datetime(judged[NIGHT], errors="coerce").max()
    if pd.isna(newest):
        return frames
    return {
        suite: frame.assign(
            **{
                each.column: rename_codes(frame[each.column], declared, name=each.column, night=newest.date())
                for each in declared
                if each.column in frame
            }
        )
        for suite, frame in frames.items()
    }


def _profile(
    frame: pd.DataFrame, *, contract: Contract, computed: Step | None, history: pd.DataFrame | None
) -> pd.DataFrame:
    (frame,) = _follow({"": frame}, frame).values()
    nights = computed(frame) if computed else frame.groupby(NIGHT).size().rename("rows").reset_index()
    measures = contract.measures
    if not measures:
        return nights
    key = [column for column in contract.rows.key if column != NIGHT]
    columns = [NIGHT, *list_columns(measures.values(), contract.terms.continuity, key)]
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
        key=key,
        continuity=contract.terms.continuity,
        holidays=list(list_holidays(years, shift_weeks=shift)),
        days_ahead=int(is_ahead),
        nights_back=NIGHTS_BACK,
    )
    return nights.merge(measured, on=NIGHT, how="left")
