"""Which rows of refused deliveries may be set aside, so that the others are taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from redeye.audits.logic.audit_result import AuditFailure, Mark, Treatment
from redeye.audits.logic.contract_terms import SetAside
from redeye.sources.logic.deliveries import DeliveryRef

NIGHT = "night"
UNIQUE = "expect_compound_columns_to_be_unique"
TEXT_SHOWN = 80


@dataclass(frozen=True)
class Choice:
    """What to do with one delivery of those that an audit refused.

    Attributes:
        ref: the delivery.
        frame: its rows without those set aside.
        marks: the rows set aside, by their position in the delivery.
        excess: why it is refused all the same, in words; empty if it is not.
    """

    ref: DeliveryRef
    frame: pa.Table
    marks: tuple[Mark, ...] = ()
    excess: str = ""


def choose_rows(
    arrived: Sequence[tuple[DeliveryRef, pa.Table]],
    failures: Sequence[AuditFailure],
    allowed: SetAside,
    key: Sequence[str],
) -> list[Choice]:
    """What becomes of each delivery, were the rows set aside that fail; nothing where no row is to blame.

    Of rows that are there twice, the copies are set aside; where they contradict each other, all of them. More than
    the share that the contract allows are not: then the delivery is refused as a whole.

    Args:
        arrived: deliveries with their rows, columns of text, in the order in which they were judged as one frame.
        failures: of that frame; their `rows` are positions in it.
        allowed: the contract's term.
        key: the columns that name a row.
    """
    # A key may hold the night, which intake adds: the same in two nights is twice in neither.
    dated = [_add_night(frame, ref) for ref, frame in arrived]
    whole = pa.concat_tables(dated, promote_options="default")
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
        rows = frame.num_rows
        places = [row - start for row in sorted(reasons) if start <= row < start + rows]
        allowed_rows = int(allowed.at_most * rows)
        marks = tuple(
            Mark(
                ref.night,
                _name_row(frame.slice(place, 1), key, reasons[start + place][1]),
                Treatment.SET_ASIDE,
                reasons[start + place][0],
                place,
            )
            for place in places[:allowed_rows]
        )
        start += rows
        if len(places) > allowed_rows:
            excess = (
                f"{len(places)} of its {rows} rows would be set aside, and the contract allows "
                f"{allowed.at_most:.2%} of them: {allowed.because}"
            )
            chosen.append(Choice(ref, frame, (), excess))
        else:
            chosen.append(Choice(ref, frame.take(np.delete(np.arange(rows), places)), marks))
    return chosen


def _add_night(frame: pa.Table, ref: DeliveryRef) -> pa.Table:
    night = pa.array([ref.night.isoformat()] * frame.num_rows, pa.string())
    return frame if NIGHT in frame.column_names else frame.append_column(NIGHT, night)


def _find_spare(whole: pa.Table, rows: np.ndarray, key: list[str]) -> np.ndarray:
    """Of rows that share a key, those to leave out: copies of one that stays, and all that contradict each other."""
    shared = whole.take(rows).to_pandas()
    is_copy = shared.duplicated().to_numpy()
    is_contradicted = (~is_copy) & shared[~is_copy].duplicated(key, keep=False).reindex(
        shared.index, fill_value=False
    ).to_numpy()
    return rows[is_copy | is_contradicted]


def _describe(failure: AuditFailure) -> str:
    """Why a row is set aside, in one line."""
    where = f"{failure.column}: " if failure.column else ""
    return f"{where}{failure.expectation}" + (f": {failure.because}" if failure.because else "")


def _name_row(row: pa.Table, key: Sequence[str], failure: AuditFailure) -> Mapping[str, str]:
    """The key of a table's only row and what is wrong of it, as text."""
    names = dict.fromkeys([*key, *(failure.column or "").split(", ")])
    return {name: str(row.column(name)[0])[:TEXT_SHOWN] for name in names if name in row.column_names}
