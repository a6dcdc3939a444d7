"""How many rows of a night find what they refer to in another dataset, for references that no date binds.

One line of a contract, a relationship with its rate, is judged on both sides: rows that arrive are held against what
is there to refer to (`matched_in_<dataset>`), and what is referred to, when it arrives again, against the rows that
refer to it (`matched_by_<dataset>`). Each is a share of what is usual for the installation's own nights, since a
registry grows old. Where too few nights are before, the contract says what is usual; where it does not, the share is
1, and 0 where nothing matches at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from redeye.audits.logic.contract import Contract
from redeye.audits.logic.earlier_nights import NIGHT, NIGHTS_NEEDED
from redeye.audits.logic.suite import SuiteSpec


@dataclass(frozen=True)
class ReferenceRate:
    """A share in a dataset's profile of nights.

    Attributes:
        column: of the profile.
        dataset: the other one.
        ours: columns of the dataset whose profile it is; they belong to `others`, of the other one, in order.
        is_referring: whether our rows refer to the others, not they to ours.
        at_least: the share of the usual one that is required.
        because: why, in a sentence.
        usual: what is usual where there are too few nights before; None if nothing is.
    """

    column: str
    dataset: str
    ours: tuple[str, ...]
    others: tuple[str, ...]
    is_referring: bool
    at_least: float
    because: str
    usual: float | None = None


def list_rates(dataset: str, contracts: Iterable[Contract]) -> list[ReferenceRate]:
    """The rates of a dataset, by its own references and by those of others to it."""
    found = []
    for contract in contracts:
        for each in contract.rows.references:
            bound = (each.at_least, each.because, each.usual)
            if each.within:
                continue
            if contract.name == dataset:
                pair = (each.dataset, each.columns, each.dataset_columns)
                found.append(ReferenceRate(f"matched_in_{each.dataset}", *pair, True, *bound))
            if each.dataset == dataset:
                pair = (contract.name, each.dataset_columns, each.columns)
                found.append(ReferenceRate(f"matched_by_{contract.name}", *pair, False, *bound))
    return found


def add_rates(dataset: str, nights: SuiteSpec | None, rates: Sequence[ReferenceRate]) -> SuiteSpec | None:
    """The suite of a dataset's nights with its rates; None if nothing of a night is judged."""
    if not rates:
        return nights
    between = "expect_column_values_to_be_between"
    rules: list[Any] = [
        {
            between: {"column": rate.column, "min_value": rate.at_least, "max_value": 1},
            "because": rate.because,
        }
        for rate in rates
    ]
    bare: dict[str, Any] = {"description": f"Nights of {dataset}.", "key": (NIGHT,), "types": {NIGHT: "date"}}
    known = nights.model_dump() if nights else bare
    known["types"] = {**known["types"], **{rate.column: "float" for rate in rates}}
    known["expectations"] = (*(nights.expectations if nights else ()), *rules)
    return SuiteSpec.model_validate(known)


def measure_rates(
    judged: pd.DataFrame,
    earlier: pd.DataFrame | None,
    rates: Iterable[ReferenceRate],
    read_other: Callable[[ReferenceRate], pd.DataFrame | None],
    *,
    nights_back: int,
) -> pd.DataFrame:
    """One row per judged night: `night`, and each rate as a share of the usual one, at most 1.

    Args:
        judged: typed rows with `night` and the columns of the rates.
        earlier: likewise of earlier nights; None if there are none.
        rates: of the dataset.
        read_other: gives the typed rows of the other dataset with its columns of a rate; None if none are known.
        nights_back: earlier nights whose median is usual.
    """
    found = pd.DataFrame(index=pd.Index(sorted(judged[NIGHT].dropna().unique()), name=NIGHT))
    before = earlier[~earlier[NIGHT].isin(found.index)] if earlier is not None else None
    rows = judged if before is None else pd.concat([before, judged], ignore_index=True)
    for rate in rates:
        others = read_other(rate)
        shares = None if others is None else _share_matched(rows, others, rate)
        if shares is None:
            found[rate.column] = 1.0
            continue
        # What is referred to comes seldom, whole: one delivery before is enough to compare with.
        needed = NIGHTS_NEEDED if rate.is_referring else 1
        usual = shares.shift().rolling(nights_back, min_periods=needed).median()
        if rate.usual is not None:
            usual = usual.fillna(rate.usual)
        # Where nothing is usual, or nothing ever matched, only no match at all tells.
        ratio = (shares / usual).where(usual > 0, (shares > 0).astype("float64"))
        found[rate.column] = ratio.clip(upper=1.0).reindex(found.index).fillna(1.0)
    return found.reset_index()


def _share_matched(rows: pd.DataFrame, others: pd.DataFrame, rate: ReferenceRate) -> pd.Series | None:
    """By night, the share of referring rows that find theirs; None if no row refers to anything."""
    ours, theirs = _name_keys(rows, rate.ours), _name_keys(others, rate.others).dropna()
    if rate.is_referring:
        known = ours.notna()
        return ours[known].isin(set(theirs)).groupby(rows.loc[known, NIGHT]).mean() if known.any() else None
    if theirs.empty:
        return None
    return ours.groupby(rows[NIGHT]).agg(lambda own: theirs.isin(set(own.dropna())).mean()).astype("float64")


def _name_keys(rows: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    """One value per row that is equal for equal keys; missing where a part of the key is."""
    if len(columns) == 1:
        return rows[columns[0]]
    parts = rows[list(columns)]
    keys = pd.Series(list(parts.itertuples(index=False, name=None)), index=rows.index, dtype=object)
    return keys.where(parts.notna().all(axis=1))
