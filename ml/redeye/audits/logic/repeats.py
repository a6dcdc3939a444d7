"""Values that came before: an old file with new dates, whole or in part, with some of its values changed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from redeye.audits.logic.earlier_nights import NIGHT, walk_nights


def share_repeated_rows(
    judged: pd.DataFrame, history: pd.DataFrame | None, *, columns: Sequence[str], nights_back: int
) -> pd.Series:
    """By night, the share of rows whose values all stood together in a row before, of an earlier night or this one.

    Rows in which over half of the values are missing are passed over.

    Args:
        judged: typed rows with `night` and the columns.
        history: likewise of earlier nights; None if there are none.
        columns: values that tell a row from all others, without dates.
        nights_back: nights before a night in which a value counts as seen.
    """
    shares = {}
    for night, now, earlier in walk_nights(
        _hash_rows(judged, columns), _hash_rows(history, columns), nights_back
    ):
        is_seen = now["row"].isin(earlier["row"]) | now["row"].duplicated()
        shares[night] = float(is_seen[now["is_full"]].mean()) if now["is_full"].any() else 0.0
    return pd.Series(shares, dtype="float64")


def share_rows_of_one_night(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    columns: Sequence[str],
    is_same_weekday: bool,
    nights_back: int,
) -> pd.Series:
    """By night, the largest share of its rows that stood in one earlier night, of the same weekday or of others.

    For what repeats by its nature, as schedules do: more of it than ever is a file of that night with new dates.

    Args:
        judged: typed rows with `night` and the columns.
        history: likewise of earlier nights; None if there are none.
        columns: values that tell a row from all others, without dates.
        is_same_weekday: which earlier nights count.
        nights_back: nights before a night whose nights count.
    """
    shares = {}
    for night, now, earlier in walk_nights(
        _hash_rows(judged, columns), _hash_rows(history, columns), nights_back
    ):
        rows = now["row"].drop_duplicates()
        counted = earlier[(earlier[NIGHT].dt.dayofweek == night.dayofweek) == is_same_weekday]
        same = counted["row"].isin(rows).groupby(counted[NIGHT]).sum()
        shares[night] = float(min(same.max() / len(rows), 1.0)) if len(same) else 0.0
    return pd.Series(shares, dtype="float64")


def share_repeated_cells(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    position: Sequence[str],
    time: str | None,
    columns: Sequence[str],
    nights_back: int,
) -> pd.Series:
    """By night, the largest share of its values that stood at the same place in one earlier night.

    Args:
        judged: typed rows with `night`, position, time and columns.
        history: likewise of earlier nights; None if there are none.
        position: columns that name a row's place in a night, beside the time.
        time: an instant; its distance from the night's date belongs to the place. None if places have no time.
        columns: whose values are compared.
        nights_back: nights before a night with whose nights it is compared.
    """
    cells = _hash_cells(judged, position, time, columns)
    past = None if history is None else _hash_cells(history, position, time, columns)
    shares = {}
    for night, now, earlier in walk_nights(cells, past, nights_back):
        same = earlier["cell"].isin(now["cell"]).groupby(earlier[NIGHT]).sum()
        shares[night] = float(min(same.max() / len(now), 1.0)) if len(same) and len(now) else 0.0
    return pd.Series(shares, dtype="float64")


def _hash_rows(frame: pd.DataFrame | None, columns: Sequence[str]) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame({NIGHT: pd.Series(dtype="datetime64[us]"), "row": [], "is_full": []})
    values = _plain(frame[list(columns)])
    return pd.DataFrame(
        {
            NIGHT: frame[NIGHT].to_numpy(),
            "row": pd.util.hash_pandas_object(values, index=False).to_numpy(),
            "is_full": values.notna().mean(axis=1).to_numpy() >= 0.5,
        }
    )


def _hash_cells(
    frame: pd.DataFrame, position: Sequence[str], time: str | None, columns: Sequence[str]
) -> pd.DataFrame:
    places = _plain(frame[list(position)])
    if time is not None:
        places = places.assign(after=(frame[time] - frame[NIGHT]).dt.total_seconds())
    parts = []
    for column in columns:
        known = frame[column].notna()
        values = _plain(places.assign(column=column, value=frame[column]))[known]
        parts.append(
            pd.DataFrame(
                {
                    NIGHT: frame.loc[known, NIGHT].to_numpy(),
                    "cell": pd.util.hash_pandas_object(values, index=False).to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers all of one type: 7 and 7.0 are the same value."""
    numbers = [column for column in frame if pd.api.types.is_numeric_dtype(frame[column])]
    return frame.astype(dict.fromkeys(numbers, "float64"))
