"""Whether two runs over the same nights came to the same rows, whoever ran them and when."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

# Who ran it. Everything else must be the same, to the last digit.
IGNORED = ("run_id", "actor", "mlflow_run_id")
KEYS = {
    "predictions": ("prediction_id",),
    "verdicts": ("model", "night"),
    "quality": ("model", "night", "scored_night", "metric"),
    "drift": ("model", "night", "span", "column_name", "kind", "statistic"),
    "decisions": ("night",),
    "trainings": ("night",),
    "promotions": ("version", "effective_night"),
}
SHOWN = 3


def differences(one: Mapping[str, pd.DataFrame], other: Mapping[str, pd.DataFrame]) -> list[str]:
    """What differs, one sentence each; empty if nothing does.

    Args:
        one: rows of a run by table, with the tables of `KEYS`.
        other: of the other run.
    """
    said = []
    for table, keys in KEYS.items():
        frames = [_ordered(rows[table], keys) for rows in (one, other)]
        if sorted(frames[0].columns) != sorted(frames[1].columns):
            odd = sorted(set(frames[0].columns) ^ set(frames[1].columns))
            said.append(f"{table}: the columns {', '.join(odd)} are in one only")
            continue
        if len(frames[0]) != len(frames[1]):
            said.append(f"{table}: {len(frames[0])} rows and {len(frames[1])}")
            continue
        said += [
            f"{table}: {name} differs in {int(wrong.sum())} of {len(wrong)} rows, first at "
            f"{_named(frames[0], keys, wrong)}: {frames[0].loc[wrong, name].head(SHOWN).tolist()} and "
            f"{frames[1].loc[wrong, name].head(SHOWN).tolist()}"
            for name in frames[0].columns
            if (wrong := _unequal(frames[0][name], frames[1][name])).any()
        ]
    return said


def _ordered(frame: pd.DataFrame, keys: tuple[str, ...]) -> pd.DataFrame:
    kept = frame.drop(columns=[name for name in IGNORED if name in frame.columns])
    return kept.sort_values(list(keys), ignore_index=True)


def _unequal(one: pd.Series, other: pd.Series) -> pd.Series:
    both_empty = one.isna() & other.isna()
    return ~(both_empty | (one == other).fillna(value=False))


def _named(frame: pd.DataFrame, keys: tuple[str, ...], wrong: pd.Series) -> str:
    return ", ".join(str(value) for value in frame.loc[wrong, list(keys)].iloc[0])
