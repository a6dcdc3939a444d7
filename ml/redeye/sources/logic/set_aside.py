"""Which rows of refused deliveries may be set aside, so that the others are taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from redeye.audits.logic.audit_result import AuditFailure, Mark, Treatment
from redeye.audits.logic.contract_terms import SetAside
from redeye.audits.logic.typed_frames import MISSING
from redeye.sources.logic.deliveries import DeliveryRef

UNIQUE = "expect_compound_columns_to_be_unique"
TEXT_SHOWN = 80


@dataclass(frozen=True)
class Choice:
    """What to do with one delivery of those that an audit refused.

    Attributes:
        ref: the delivery.
        frame: its text rows without those set aside.
        marks: the rows set aside, by their position in the delivery.
        excess: why it is refused all the same, in words; empty if it is not.
    """

    ref: DeliveryRef
    frame: pd.DataFrame
    marks: tuple[Mark, ...] = ()
    excess: str = ""


def choose_rows(
    arrived: Sequence[tuple[DeliveryRef, pd.DataFrame]],
    failures: Sequence[AuditFailure],
    allowed: SetAside,
    key: Sequence[str],
) -> list[Choice]:
    """What becomes of each delivery, were the rows set aside that fail; nothing where no row is to blame.

    Of rows that are there twice, the copies are set aside; where they contradict each other, all of them. More than
    the share that the contract allows are not: then the delivery is refused as a whole.

    Args:
        arrived: deliveries with their rows as text, in the order in which they were judged as one frame.
        failures: of that frame; their `rows` are positions in it.
        allowed: the contract's term.
        key: the columns that name a row.
    """
    whole = pd.concat([frame for _, frame in arrived], ignore_index=True)
    reasons: dict[int, tuple[str, AuditFailure]] = {}
    for failure in failures:
        columns = set((failure.column or "").split(", "))
        if allowed.columns and not columns & set(allowed.columns):
            continue
        rows = np.asarray(failure.rows, dtype=np.int64)
        if failure.expectation == UNIQUE:
            rows = _find_spare(whole, rows, sorted(columns))
        for row in rows:
            reasons.setdefault(int(row), (_describe(failure), failure))
    if not reasons:
        return []
    chosen, start = [], 0
    for ref, frame in arrived:
        places = [row - start for row in sorted(reasons) if start <= row < start + len(frame)]
        marks = tuple(
            Mark(
                ref.night,
                _name_row(frame.iloc[place], key, reasons[start + place][1]),
                Treatment.SET_ASIDE,
                reasons[start + place][0],
                place,
            )
            for place in places[: int(allowed.at_most * len(frame)) + 1]
        )
        start += len(frame)
        if len(places) > allowed.at_most * len(frame):
            excess = (
                f"{len(places)} of its {len(frame)} rows would be set aside, and the contract allows "
                f"{allowed.at_most:.2%} of them: {allowed.because}"
            )
            chosen.append(Choice(ref, frame, (), excess))
        else:
            chosen.append(Choice(ref, frame.drop(frame.index[places]), marks))
    return chosen


def _find_spare(whole: pd.DataFrame, rows: np.ndarray, key: list[str]) -> np.ndarray:
    """Of rows that share a key, those to leave out: copies of one that stays, and all that contradict each other."""
    shared = whole.iloc[rows]
    is_copy = shared.duplicated().to_numpy()
    is_contradicted = (~is_copy) & shared[~is_copy].duplicated(key, keep=False).reindex(
        shared.index, fill_value=False
    ).to_numpy()
    return rows[is_copy | is_contradicted]


def _describe(failure: AuditFailure) -> str:
    """Why a row is set aside, in one line."""
    where = f"{failure.column}: " if failure.column else ""
    return f"{where}{failure.expectation}" + (f": {failure.because}" if failure.because else "")


def _name_row(row: pd.Series, key: Sequence[str], failure: AuditFailure) -> Mapping[str, str]:
    """The row's key and what is wrong of it, as text."""
    names = dict.fromkeys([*key, *(failure.column or "").split(", ")])
    return {name: str(row.get(name, MISSING))[:TEXT_SHOWN] for name in names if name in row.index}
