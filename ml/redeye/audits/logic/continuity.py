"""Whether a night's readings go on where the night before ended: stale, turned, and swapped readings.

Readings belong to a group (a station, a shop, a meter) and to a time; a quantity is a numeric column. All
measures count in *usual steps*: the mean change of a quantity between two readings of a group that follow
each other, over the earlier nights given. Where there is nothing to compare with, a measure is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from redeye.audits.logic.earlier_nights import NIGHT, NIGHTS_NEEDED, move_night, walk_nights

Floats = npt.NDArray[np.float64]

LARGEST_STEP = 6.0
"""Usual steps beyond which a step counts no more: one broken reading is no shifted night."""
LARGEST_EVIDENCE = 6.0
"""Log-likelihood beyond which a single quantity counts no more for a swap."""
MOST_LATE = 24
"""Times by which readings are looked for that are late."""
DIFFERENT = 3.0
"""What a reading that is not the one of so many times before takes off the evidence that it is."""
ENDS = (1, 3)
"""Readings at the end of a night and at the start of the next whose differences between groups are compared."""
PARTS = 2
"""Parts of a night by which the usual differences between groups are known: day and evening differ."""

MEASURES = (
    "step_from_last_night",
    "stale_quantities",
    "stale_series",
    "turned_gain",
    "turned_gain_of_one",
    "swapped_gain",
)


@dataclass(frozen=True)
class _Night:
    """A night's readings: group by time by quantity, missing where there are none."""

    values: Floats
    starts: pd.Timestamp
    ends: pd.Timestamp


def measure_continuity(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    group: str,
    time: str,
    quantities: Sequence[str],
    nights_back: int,
) -> pd.DataFrame:
    """How well each judged night goes on from the earlier ones.

    Args:
        judged: typed rows with `night`, the group, the time of the reading and the quantities.
        history: likewise of earlier nights; those that are judged too are ignored. None if there are none.
        group: column that names the series.
        time: column of the instant of a reading.
        quantities: numeric columns that move smoothly.
        nights_back: nights before a night from which it is compared with.

    Returns:
        One row per judged night: `night`, and, each 0 where fewer than `NIGHTS_NEEDED` nights are before it,
        `step_from_last_night`: mean change, over groups and quantities, from the last reading of the night
        before to the first of this one, in usual steps;
        `stale_quantities`: how unlikely it is by chance that some quantities of all groups begin with the very
        readings that the night before ended with, as log-likelihood; `stale_series`: likewise of all
        quantities of some groups;
        `turned_gain`: by how many usual steps the night would go on better, at its start and within, if its
        readings were turned back by some number of times; `turned_gain_of_one`: likewise of one group alone;
        `swapped_gain`: log-likelihood by which two groups' readings belong to each other rather than to
        themselves, from how the groups differed at the end of the night before and on earlier nights.
    """
    columns = [NIGHT, group, time, *quantities]
    frames = [judged] if history is None else [judged, history]
    groups = sorted({str(each) for frame in frames for each in frame[group].dropna().unique()})
    records = []
    read: dict[pd.Timestamp, _Night] = {}
    for night, now, earlier in walk_nights(judged[columns], history, nights_back):
        record: dict[str, object] = {NIGHT: night, **dict.fromkeys(MEASURES, 0.0)}
        records.append(record)
        nights = sorted(earlier[NIGHT].unique())
        if len(nights) < NIGHTS_NEEDED:
            continue
        for each in (each for each in nights if each not in read):
            read[each] = _read_night(earlier[earlier[NIGHT] == each], groups, group, time, quantities)
        back = [read[each] for each in nights]
        here = read[night] = _read_night(now, groups, group, time, quantities)
        record["swapped_gain"] = find_swap(here, back)
        if _follows(back[-1], here):
            usual, last = _usual_steps(back), _last(back[-1])
            alone = [find_turn(here.values[[at]], last[[at]], usual) for at in range(len(groups))]
            record["step_from_last_night"] = _apart(here.values[:, 0], last, usual)
            record["stale_quantities"], record["stale_series"] = weigh_stale(here, back)
            record["turned_gain"] = find_turn(here.values, last, usual)
            record["turned_gain_of_one"] = max(alone)
    return pd.DataFrame(records)


def measure_vector_steps(
    judged: pd.DataFrame,
    history: pd.DataFrame | None,
    *,
    group: str,
    time: str,
    columns: Sequence[str],
    nights_back: int,
) -> pd.Series:
    """By night, how far its first vectors lie from those that ended the night before: 1 if they are turned about.

    The sum over groups of the distance between the two, over that of their lengths. 0 where lengths are under half
    the usual median, which have no direction to speak of, and where fewer than `NIGHTS_NEEDED` nights are before.

    Args:
        judged: typed rows with `night`, the group, the time and the columns.
        history: likewise of earlier nights; None if there are none.
        group: column that names the series.
        time: column of the instant of a reading.
        columns: length, and direction in degrees.
        nights_back: nights before a night from which is usual.
    """
    length, direction = columns
    steps = {}
    for night, now, earlier in walk_nights(judged[[NIGHT, group, time, *columns]], history, nights_back):
        steps[night] = 0.0
        if earlier[NIGHT].nunique() < NIGHTS_NEEDED:
            continue
        ended = earlier[earlier[NIGHT] == move_night(night, -1)].sort_values(time)
        last = ended.drop_duplicates(group, keep="last").set_index(group)
        first = now.sort_values(time).drop_duplicates(group).set_index(group)
        here, there = (_make_vectors(rows, length, direction) for rows in (first, last))
        lengths = (here.abs() + there.abs()).dropna()
        if len(lengths) >= 2 and lengths.mean() >= earlier[length].median():
            steps[night] = float((here - there).abs()[lengths.index].sum() / lengths.sum())
    return pd.Series(steps, dtype="float64")


def _make_vectors(rows: pd.DataFrame, length: str, direction: str) -> pd.Series:
    return rows[length] * np.exp(1j * np.radians(rows[direction]))


def find_gaps(
    judged: pd.DataFrame, *, group: str, time: str, every: pd.Timedelta, starts: pd.Series, ends: pd.Series
) -> pd.DataFrame:
    """The readings that do not come: `night`, group and time of each, of the groups that came in any night.

    Args:
        judged: typed rows with `night`, the group and the time of the reading.
        group: column that names the series.
        time: column of the instant of a reading.
        every: how often each series is read, counted from the start of the night.
        starts: of each row, the instant at which its night starts.
        ends: likewise, at which it ends.
    """
    known = judged.assign(starts=starts, ends=ends).dropna(subset=[NIGHT, group, time])
    bounds = known.drop_duplicates(NIGHT)
    due = pd.DataFrame(
        [
            (night, series, at)
            for night, first, last in bounds[[NIGHT, "starts", "ends"]].itertuples(index=False)
            for at in pd.date_range(first, last, freq=every, inclusive="left")
            for series in sorted(known[group].unique())
        ],
        columns=[NIGHT, group, time],
    )
    came = pd.MultiIndex.from_frame(known[[NIGHT, group, time]])
    return due[~pd.MultiIndex.from_frame(due).isin(came)].reset_index(drop=True)


def _mean(values: Floats, axis: int | tuple[int, ...] | None) -> Floats:
    """The mean of what is not missing; missing where all is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, values, 0.0).sum(axis=axis) / known.sum(axis=axis)
    return mean


def _read_night(
    rows: pd.DataFrame, groups: Sequence[str], group: str, time: str, quantities: Sequence[str]
) -> _Night:
    known = rows.dropna(subset=[group, time]).drop_duplicates([group, time])
    times = np.sort(known[time].unique())
    values = np.full((len(groups), len(times), len(quantities)), np.nan)
    at = (
        pd.Index(groups).get_indexer(pd.Index(known[group].astype(str))),
        np.searchsorted(times, known[time].to_numpy()),
    )
    values[at] = known[list(quantities)].to_numpy(dtype="float64")
    return _Night(values, pd.Timestamp(times[0]), pd.Timestamp(times[-1]))


def _follows(before: _Night, here: _Night) -> bool:
    """Whether the first reading comes within three usual intervals of the last one of the night before."""
    interval = (before.ends - before.starts) / max(before.values.shape[1] - 1, 1)
    return bool(here.starts - before.ends <= 3 * interval)


def _usual_steps(nights: Sequence[_Night]) -> Floats:
    steps = np.concatenate([np.abs(np.diff(night.values, axis=1)) for night in nights], axis=1)
    usual = _mean(steps, axis=(0, 1))
    return np.where(usual > 0, usual, np.nan)


def _last(night: _Night) -> Floats:
    """The newest reading of each group and quantity among the last three times."""
    found = np.full(night.values[:, 0].shape, np.nan)
    for at in range(max(0, night.values.shape[1] - max(ENDS)), night.values.shape[1]):
        found = np.where(np.isnan(night.values[:, at]), found, night.values[:, at])
    return found


def _apart(one: Floats, other: Floats, usual: Floats) -> float:
    """Mean distance of two sets of readings, in usual steps; 0 if none can be compared."""
    mean = float(_mean(np.minimum(np.abs(one - other) / usual, LARGEST_STEP), axis=None))
    return 0.0 if np.isnan(mean) else mean


def find_turn(values: Floats, last: Floats, usual: Floats) -> float:
    """By how many usual steps a night would be smoother if it were turned back; 0 if it would not be.

    Args:
        values: readings of the night, group by time by quantity.
        last: readings before it, group by quantity.
        usual: change between two readings, by quantity.
    """
    as_is = _apart(values[:, 0], last, usual)
    joined = _apart(values[:, -1], values[:, 0], usual)
    gains = [
        as_is + _apart(values[:, at - 1], values[:, at], usual) - _apart(values[:, at], last, usual) - joined
        for at in range(1, values.shape[1])
    ]
    return max([0.0, *gains])


def weigh_stale(here: _Night, back: Sequence[_Night]) -> tuple[float, float]:
    """The evidence that readings of the night before are given again, by the number of times they are late.

    A reading equal to that of so many times before counts by how seldom two that follow each other are equal, one
    that is not counts against. Summed over the quantities that have evidence for it in all groups together, and over
    the groups that have it in all quantities together.
    """
    steps = np.concatenate([np.diff(night.values, axis=1) for night in back], axis=1)
    equal = _mean(np.where(np.isnan(steps), np.nan, steps == 0), axis=(0, 1))
    weight = -np.log(np.clip(np.nan_to_num(equal, nan=1.0), 1e-3, 1.0))
    of_quantities, of_groups = 0.0, 0.0
    for late in range(1, min(MOST_LATE, here.values.shape[1], back[-1].values.shape[1]) + 1):
        now, before = here.values[:, :late], back[-1].values[:, -late:]
        counted = np.where(now == before, weight, np.where(np.isnan(now - before), 0.0, -DIFFERENT)).sum(
            axis=1
        )
        of_quantities = max(of_quantities, float(np.maximum(counted.sum(axis=0), 0.0).sum()))
        of_groups = max(of_groups, float(np.maximum(counted.sum(axis=1), 0.0).sum()))
    return of_quantities, of_groups


def find_swap(here: _Night, back: Sequence[_Night]) -> float:
    """The most evidence, over pairs of groups, that each has the other's readings; 0 if there is none.

    The difference of two groups changes its sign when they are swapped. With a difference d now, e expected
    and s its usual error, the log-likelihood for a swap is -2 d e / s².
    """
    gains = [0.0]
    for one, other in combinations(range(here.values.shape[0]), 2):
        now = here.values[one] - here.values[other]
        past = [night.values[one] - night.values[other] for night in back]
        evidence = np.zeros(now.shape[1])
        if _follows(back[-1], here):
            for length in ENDS:
                firsts = [_mean(each[:length], axis=0) for each in past]
                lasts = [_mean(each[-length:], axis=0) for each in past]
                error = _mean((np.array(firsts[1:]) - np.array(lasts[:-1])) ** 2, axis=0)
                evidence += _weigh(_mean(now[:length], axis=0), lasts[-1], error) / len(ENDS)
        parts = np.array([_parts(each) for each in past])
        usual = _mean(parts, axis=0)
        error = _mean((parts - usual) ** 2, axis=0)
        evidence += _weigh(_parts(now), usual, error).sum(axis=0) / PARTS
        gains.append(float(evidence.sum()))
    return max(gains)


def _parts(differences: Floats) -> Floats:
    return np.array([_mean(part, axis=0) for part in np.array_split(differences, PARTS)])


def _weigh(now: Floats, expected: Floats, error: Floats) -> Floats:
    weight = -2 * now * expected / np.where(error > 0, error, np.nan)
    return np.clip(np.nan_to_num(weight), -LARGEST_EVIDENCE, LARGEST_EVIDENCE)
