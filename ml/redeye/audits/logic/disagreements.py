"""Where two deliveries disagree: which rows, and which of the two is likelier at fault by what both were before.

Rows refer to those of another dataset by a key. A part of the key dates a row (`within`), such as the day: rows of a
day that the other dataset has not delivered are not compared. The rest names a thing that comes again, such as a line
of a timetable: one that came before on that weekday is hardly made up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import pandas as pd

from redeye.audits.logic.earlier_nights import move_night

NIGHT, IS_DUE = "night", "is_due"
# How often a wrong key is one that came before: a changed digit rarely meets another key.
MADE_UP = {"weekday": 0.01, "before": 0.02, "never": 0.97}
# The odds beyond which one of the two is called the likelier, as a logarithm: 2 to 1.
DECISIVE = math.log(2)
# A delivery with this share of its keys in a single one before it repeats that one. Of 344 schedules of 2013 the most
# alike had 0.998 in common with another.
REPEATS = 0.9985
NIGHTS_COMPARED = 7
# A night with less than this share of a date's rows is not yet, or no more, the night of that date.
MAIN_SHARE = 0.1
# So few may only come late: on four of 365 nights of 2013 one or two did.
LATE_SHARE = 0.01
PAIRS_SHOWN = 5


class Culprit(StrEnum):
    """Which of two deliveries that disagree is likelier at fault."""

    ITSELF = "itself"
    OTHER = "other"
    UNTOLD = "untold"


@dataclass(frozen=True)
class Disagreement:
    """Where a night's rows and what they refer to do not agree.

    Attributes:
        night: of the rows.
        other_nights: the nights of the other dataset that they refer to.
        rows: how many rows of the night were compared.
        unmatched: labels of the rows whose key the other has not.
        unanswered: keys that the other has, that are due, and that no row has; one row each.
        pairs: keys of both sides that differ in one column, at most `PAIRS_SHOWN`: ours, theirs.
        culprit: who is likelier at fault.
        evidence: why, in words.
    """

    night: date
    other_nights: tuple[date, ...]
    rows: int
    unmatched: pd.Index
    unanswered: pd.DataFrame
    pairs: tuple[tuple[Mapping[str, object], Mapping[str, object]], ...]
    culprit: Culprit
    evidence: str


def find_disagreements(
    rows: pd.DataFrame,
    others: pd.DataFrame,
    earlier: pd.DataFrame | None,
    *,
    key: Sequence[str],
    within: Sequence[str],
) -> list[Disagreement]:
    """Where rows and the dataset that they refer to disagree, one entry per night that does, oldest first.

    Args:
        rows: typed rows of the nights that are judged, with `night`.
        others: typed rows of the other dataset, of these nights and those before, with `night`; `is_due` says of
            which a row must have come by the end of the night in which most of their day's rows come. Without the
            column, none are.
        earlier: typed rows of earlier nights, with `night`; None if there are none.
        key: columns by which rows refer to the others.
        within: those of the key that date a row.
    """
    key, within = list(key), list(within)
    if IS_DUE not in others:
        others = others.assign(**{IS_DUE: False})
    others = others.dropna(subset=[NIGHT]).drop_duplicates(key, keep="last")
    rows = rows[[NIGHT, *key]]
    known = others.groupby(within)[NIGHT].max().rename("other_night")
    compared = rows.join(known, on=within).dropna(subset=["other_night"])
    is_matched = _is_among(compared, others, key)
    came = rows if earlier is None else pd.concat([earlier[[NIGHT, *key]], rows])
    unanswered = _find_unanswered(rows, came, others, known, key, within)
    past = _Past(others, key, within)
    found = []
    troubled = {*compared.loc[~is_matched, NIGHT], *unanswered["of_night"]}
    for night in sorted(troubled):
        mine = compared[compared[NIGHT] == night]
        missing = unanswered[unanswered["of_night"] == night]
        found.append(_judge(night, mine, is_matched[mine.index], missing, past, came))
    return found


def find_overdue(
    rows: pd.DataFrame,
    others: pd.DataFrame,
    earlier: pd.DataFrame | None,
    *,
    key: Sequence[str],
    within: Sequence[str],
    nights: int,
) -> pd.DataFrame:
    """What the other dataset has that had to come by a judged night, whenever it was due, and never did.

    Args:
        rows: typed rows of the nights that are judged, with `night`.
        others: typed rows of the other dataset, with `night`.
        earlier: typed rows of earlier nights, with `night`; None if there are none.
        key: columns by which rows refer to the others.
        within: those of the key that date a row.
        nights: after how many nights more than that in which most rows of a date come, all have.

    Returns:
        The rows of the others, with the judged night `by_night` and the night `of_night` of most of their date; of
        dates since which no night is missing.
    """
    key, within = list(key), list(within)
    came = (
        rows[[NIGHT, *key]] if earlier is None else pd.concat([earlier[[NIGHT, *key]], rows[[NIGHT, *key]]])
    )
    counts = came.groupby([*within, NIGHT]).size().reset_index(name="n").sort_values(["n", NIGHT])
    main = counts.drop_duplicates(within, keep="last").rename(columns={NIGHT: "of_night"})
    main["by_night"] = main["of_night"].map(lambda night: move_night(night, nights))
    there = set(came[NIGHT])
    is_whole = np.array(
        [all(move_night(night, by) in there for by in range(nights + 1)) for night in main["of_night"]],
        dtype=bool,
    )
    main = main[main["by_night"].isin(set(rows[NIGHT])).to_numpy() & is_whole]
    others = others.dropna(subset=[NIGHT]).drop_duplicates(key, keep="last")
    due = others.merge(main[[*within, "of_night", "by_night"]], on=within)
    return due[~_is_among(due, came.drop_duplicates(key), key)]


def _is_among(rows: pd.DataFrame, others: pd.DataFrame, key: list[str]) -> pd.Series:
    merged = rows[key].merge(others[key].assign(is_there=True), how="left", on=key)
    return pd.Series(merged["is_there"].notna().to_numpy(), index=rows.index)


def _find_unanswered(
    rows: pd.DataFrame,
    came: pd.DataFrame,
    others: pd.DataFrame,
    known: pd.Series,
    key: list[str],
    within: list[str],
) -> pd.DataFrame:
    """What is due in the nights of the rows and did not come, with the night `of_night` and the other's own."""
    counts = came.groupby([*within, NIGHT]).size().reset_index(name="n").sort_values(["n", NIGHT])
    fullest = counts.drop_duplicates(within, keep="last").set_index(within)
    is_main = fullest["n"] >= MAIN_SHARE * others.groupby(within).size().reindex(fullest.index)
    due = (
        others[others[IS_DUE]]
        .join(fullest.loc[is_main, NIGHT].rename("of_night"), on=within)
        .join(known, on=within)
    )
    due = due[due["of_night"].isin(set(rows[NIGHT]))]
    return due[~_is_among(due, came.drop_duplicates(key), key)]


class _Past:
    """What of a key came before: on the same weekday, on any other night, or never."""

    def __init__(self, others: pd.DataFrame, key: list[str], within: list[str]) -> None:
        self.key, self.within, self.others = key, within, others
        self.lasting = [column for column in key if column not in within]
        self.by_night = {pd.Timestamp(str(night)): frame for night, frame in others.groupby(NIGHT)}
        self._sets: dict[pd.Timestamp, frozenset[tuple[object, ...]]] = {}

    def keys(self, night: pd.Timestamp) -> frozenset[tuple[object, ...]]:
        """The lasting parts of the keys that the other dataset had in a night."""
        if night not in self._sets:
            frame = self.by_night[night][self.lasting]
            self._sets[night] = frozenset(frame.itertuples(index=False, name=None))
        return self._sets[night]

    def count_due(self, nights: Sequence[pd.Timestamp]) -> int:
        """How many rows of the other dataset are due of those that came in some nights."""
        return int(self.others.loc[self.others[NIGHT].isin(nights), IS_DUE].sum())

    def before(self, night: pd.Timestamp) -> list[pd.Timestamp]:
        return [each for each in self.by_night if each < night]

    def levels(self, rows: pd.DataFrame) -> pd.Series:
        """Of rows with `other_night`, how each key came before: `weekday`, `before` or `never`."""
        found: list[pd.Series] = [pd.Series(dtype=object)]
        for night in rows["other_night"].unique():
            part, earlier = rows[rows["other_night"] == night], self.before(pd.Timestamp(night))
            same = frozenset().union(
                *(self.keys(each) for each in earlier if night.dayofweek == each.dayofweek)
            )
            other = frozenset().union(*(self.keys(each) for each in earlier))
            levels = [
                "weekday" if one in same else "before" if one in other else "never"
                for one in part[self.lasting].itertuples(index=False, name=None)
            ]
            found.append(pd.Series(levels, index=part.index, dtype=object))
        return pd.concat(found)

    def repeats(self, night: pd.Timestamp) -> pd.Timestamp | None:
        """The earlier night whose keys this one repeats, where that is not what the dataset always does."""
        twin, share = self._most_alike(night)
        usual = sorted(self._most_alike(each)[1] for each in self.before(night)[-NIGHTS_COMPARED:])
        is_unusual = bool(usual) and usual[len(usual) // 2] < REPEATS
        return twin if share >= REPEATS and is_unusual else None

    def _most_alike(self, night: pd.Timestamp) -> tuple[pd.Timestamp | None, float]:
        mine = self.keys(night)
        shares = [(len(mine & self.keys(each)) / len(mine), each) for each in self.before(night)]
        share, twin = max(shares, default=(0.0, None), key=lambda pair: pair[0])
        return twin, share


def _judge(
    night: pd.Timestamp,
    rows: pd.DataFrame,
    is_matched: pd.Series,
    missing: pd.DataFrame,
    past: _Past,
    came: pd.DataFrame,
) -> Disagreement:
    unmatched = rows[~is_matched]
    other_nights = sorted({*unmatched["other_night"], *missing["other_night"]})
    odds, evidence = _weigh(rows[is_matched], unmatched, missing, past)
    mine = came[came[NIGHT] == night].join(
        past.others.groupby(past.within)[NIGHT].max().rename("other_night"), on=past.within
    )
    twins = [(each, twin) for each in other_nights if (twin := past.repeats(each)) is not None]
    own = _repeated_by_rows(mine, came, past)
    if twins and own is None:
        night_, twin = twins[0]
        odds, evidence = math.inf, f"what came in night {night_.date()} repeats night {twin.date()}"
    elif own is not None and not twins:
        odds, evidence = -math.inf, f"these rows repeat those of night {own.date()}"
    if unmatched.empty and len(missing) <= max(1, LATE_SHARE * past.count_due(other_nights)):
        odds, evidence = 0.0, "so few may only come late"
    culprit = Culprit.OTHER if odds > DECISIVE else Culprit.ITSELF if odds < -DECISIVE else Culprit.UNTOLD
    theirs = past.others[past.others[NIGHT].isin(other_nights)]
    lonely = theirs[~_is_among(theirs, came.drop_duplicates(past.key), past.key)]
    return Disagreement(
        night=night.date(),
        other_nights=tuple(each.date() for each in other_nights),
        rows=len(rows),
        unmatched=unmatched.index,
        unanswered=missing[past.key],
        pairs=tuple(_pair(unmatched[past.key], lonely[past.key], past.key)),
        culprit=culprit,
        evidence=evidence,
    )


def _weigh(
    matched: pd.DataFrame, unmatched: pd.DataFrame, missing: pd.DataFrame, past: _Past
) -> tuple[float, str]:
    """The logarithm of the odds that the other is at fault, and what they rest on.

    A sound key came before as often as those that match; one that is made up hardly ever. A sound key that only the
    rows have speaks against the other, one that only the other has speaks against the rows.
    """
    sound = past.levels(matched).value_counts()
    total = int(sound.sum()) + len(MADE_UP)
    weight = {
        level: math.log((int(sound.get(level, 0)) + 1) / total / made_up)
        for level, made_up in MADE_UP.items()
    }
    ours, theirs = past.levels(unmatched), past.levels(missing)
    odds = float(sum(weight[each] for each in ours) - sum(weight[each] for each in theirs))
    return odds, (
        f"{(ours != 'never').sum()} of the {len(ours)} keys that only the rows have came before, "
        f"{(theirs != 'never').sum()} of the {len(theirs)} that they lack"
    )


def _repeated_by_rows(mine: pd.DataFrame, came: pd.DataFrame, past: _Past) -> pd.Timestamp | None:
    """The earlier night of the rows whose keys these repeat, where the rows do not always do so."""
    own = _Past(came.drop_duplicates([NIGHT, *past.key]), past.key, past.within)
    return own.repeats(mine[NIGHT].iloc[0]) if len(mine) else None


def _pair(
    ours: pd.DataFrame, theirs: pd.DataFrame, key: list[str]
) -> Iterator[tuple[Mapping[str, object], Mapping[str, object]]]:
    """Keys of both sides that are equal but for one column."""
    left, shown = ours.drop_duplicates(), 0
    for column in key:
        rest = [each for each in key if each != column]
        both = left.merge(theirs, on=rest, suffixes=("", "_other")).drop_duplicates(rest)
        for record in both.head(PAIRS_SHOWN - shown).to_dict("records"):
            yield (
                {each: record[each] for each in key},
                {**{each: record[each] for each in rest}, column: record[f"{column}_other"]},
            )
            shown += 1
