"""Relates a night's profile to what was known before it: earlier nights, and the schedules delivered.

Where there is nothing to compare with (the first nights, a day whose schedule never came), a ratio or
share is 1 and a list is `none`: the relative bounds then say nothing, and the absolute ones remain.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from flights.arrivals.flights import ARRIVAL_LAG_MINUTES, find_block_minutes, find_due_minutes

NIGHTS_BACK = 28
NIGHTS_NEEDED = 3
REGULAR_NIGHTS = 14
LARGE_CARRIER = 20
# Of a carrier with one flight before noon that flight may be a day late: HA was on 2013-01-09, F9 on 2013-02-10. Two
# of one carrier never were, of the 365 days of 2013; chosen on those to 2013-07-01.
FEWEST_MORNING_FLIGHTS = 2
SCHEDULES_BACK = 8
SCHEDULES_COMPARED = 3
BLOCK_MINUTES = 25
MOVED = ("moved_share", "moved_block_share", "moved_alike_share", "moved_by_hours_share")
SLACK_MINUTES = 180
CUTOFF_MINUTES = 27 * 60
NONE = "none"
Compare = Callable[[pd.Series, pd.DataFrame], Mapping[str, object]]
FLIGHT = ["carrier", "flight", "origin", "dest"]
DATED_FLIGHT = ["flight_date", *FLIGHT, "sched_dep_time"]


def relate_nights(profiles: pd.DataFrame, earlier: pd.DataFrame | None, compare: Compare) -> pd.DataFrame:
    """Adds to each night's profile how it compares with the up to 28 nights before it.

    Profiles of `earlier` nights are of the same dataset; nights that are also in `profiles` are ignored.
    """
    history = profiles
    if earlier is not None and len(earlier):
        earlier = earlier.assign(night=pd.to_datetime(earlier["night"]).astype("datetime64[us]"))
        history = pd.concat([earlier[~earlier["night"].isin(profiles["night"])], profiles])
    history = history.sort_values("night").reset_index(drop=True)
    records = []
    for night in profiles["night"]:
        end = int(history["night"].searchsorted(night))
        now = history.iloc[end]
        records.append({"night": night, **compare(now, history.iloc[max(0, end - NIGHTS_BACK) : end])})
    return profiles.merge(pd.DataFrame(records), on="night", how="left")


def relate_outcomes_to_schedule(
    profiles: pd.DataFrame, outcomes: pd.DataFrame, schedules: pd.DataFrame | None, places: pd.DataFrame
) -> pd.DataFrame:
    """Adds to each night's profile how its typed outcomes agree with the schedules, which are None if unknown.

    By `places`, the known airports with their zones, it is known which flights are due `SLACK_MINUTES` before the
    cutoff: of those only as many are unknown as arrive so late.
    A schedule that is at fault itself (`schedule_at_fault`) is no measure of what should have come.
    """
    profiles = profiles.assign(
        rows_to_scheduled=1.0,
        matched_share=1.0,
        morning_share_missing=0.0,
        scheduled_carriers_missing=NONE,
        unknown_share_beyond_late=0.0,
    )
    if schedules is None or schedules["night"].isna().all():
        return profiles
    known_days = set(schedules["night"].dropna().dt.normalize() + pd.Timedelta(days=1))
    profiles = profiles.set_index("night")
    is_at_fault = (outcomes["schedule_at_fault"] == 1) & (outcomes["flight_date"] == outcomes["night"])
    at_fault = set(outcomes.loc[is_at_fault, "night"])
    of_day = outcomes[outcomes["flight_date"] == outcomes["night"]]
    late = (of_day["arr_delay"] > SLACK_MINUTES - ARRIVAL_LAG_MINUTES).groupby(of_day["night"]).mean()
    outcomes = outcomes[["night", *DATED_FLIGHT]]
    keys = schedules[[*DATED_FLIGHT, "sched_arr_time"]].drop_duplicates(DATED_FLIGHT)
    judged = outcomes[outcomes["flight_date"].isin(known_days)]
    matched = judged.merge(keys[DATED_FLIGHT].assign(is_scheduled=True), how="left", on=DATED_FLIGHT)[
        "is_scheduled"
    ].notna()
    shares = matched.groupby(judged["night"].to_numpy()).mean()
    profiles["matched_share"] = shares.reindex(profiles.index).fillna(1.0)
    plan = keys[keys["flight_date"].isin(profiles.index)]
    first = outcomes.sort_values("night").drop_duplicates(DATED_FLIGHT)
    came = plan.merge(first, how="left", on=DATED_FLIGHT)
    # By the night's own cutoff: where several nights are judged at once, the later ones have what came late.
    came["is_known"] = came["night"] <= came["flight_date"]
    due = came[find_due_minutes(came, places) + SLACK_MINUTES <= CUTOFF_MINUTES]
    unknown = 1 - due.groupby("flight_date")["is_known"].mean()
    morning = came[came["sched_dep_time"].between(500, 1159)]
    planned, today = plan.groupby("flight_date").size(), profiles["rows_of_the_day"]
    for night in profiles.index:
        if night not in known_days - at_fault:
            continue
        scheduled = int(planned.get(night, 0))
        profiles.loc[night, "rows_to_scheduled"] = (
            today[night] / scheduled if scheduled else 1.0 + today[night]
        )
        profiles.loc[night, "unknown_share_beyond_late"] = unknown.get(night, 0.0) - late.get(night, 0.0)
        own = morning[morning["flight_date"] == night]
        if len(own):
            profiles.loc[night, "morning_share_missing"] = 1 - own["is_known"].mean()
            seen = own.groupby("carrier")["is_known"].agg(["size", "any"])
            missing = seen.index[(seen["size"] >= FEWEST_MORNING_FLIGHTS) & ~seen["any"]]
            profiles.loc[night, "scheduled_carriers_missing"] = ", ".join(missing) or NONE
    return profiles.reset_index()


def relate_schedules(
    profiles: pd.DataFrame, schedule: pd.DataFrame, before: pd.DataFrame | None, places: pd.DataFrame
) -> pd.DataFrame:
    """Adds how many of a schedule's flights were in one of the 8 schedules before, and how many of those moved.

    Moved by over an hour, by one amount, by the same number of hours; or take longer or shorter by over
    `BLOCK_MINUTES` than they did, by the zones of `places`. Rows are typed; `before` has those of earlier schedules,
    and is None if they are unknown.
    """
    columns = ["night", "flight_date", *FLIGHT, "sched_dep_time", "sched_arr_time"]
    judged = set(profiles["night"])
    rows = schedule[columns]
    if before is not None:
        rows = pd.concat([before.loc[~before["night"].isin(judged), columns], rows], ignore_index=True)
    rows = rows.sort_values([*FLIGHT, "night", "sched_dep_time"])
    flights = [rows[name] for name in FLIGHT]
    is_seen = rows.groupby(FLIGHT)["night"].diff().dt.days <= SCHEDULES_BACK
    clock = rows["sched_dep_time"] // 100 * 60 + rows["sched_dep_time"] % 100
    moved = _differ_least(clock, rows["night"], flights)
    longer = _differ_least(find_block_minutes(rows, places), rows["night"], flights)
    rows = rows.assign(
        is_seen=is_seen,
        is_moved=(moved.abs() > 60).where(is_seen).astype("float64"),
        is_longer=(longer.abs() > BLOCK_MINUTES).where(is_seen).astype("float64"),
    )
    shares = rows.groupby("night").agg(
        seen_before_share=("is_seen", "mean"),
        moved_share=("is_moved", "mean"),
        moved_block_share=("is_longer", "mean"),
    )
    seen = rows.groupby("night")["is_seen"].sum()
    for name, by in (
        ("moved_alike_share", moved.where(is_seen & (moved != 0))),
        ("moved_by_hours_share", moved.where(is_seen & (moved != 0) & (moved % 60 == 0))),
    ):
        alike = by.groupby([rows["night"], by]).size().groupby("night").max()
        shares[name] = (alike / seen).reindex(shares.index)
    first = rows["night"].min()
    is_known = (shares.index - first).days >= SCHEDULES_BACK
    shares.loc[~is_known, "seen_before_share"] = 1.0
    shares.loc[~is_known, [*MOVED]] = 0.0
    known_shares = shares.fillna(dict.fromkeys(MOVED, 0.0))
    return profiles.merge(known_shares, how="left", left_on="night", right_index=True)


def _differ_least(values: pd.Series, nights: pd.Series, flights: list[pd.Series]) -> pd.Series:
    """By how much a flight's value differs from the nearest of those of its last schedules; missing without two.

    Of several: the night after a wrong schedule, which somebody accepted, is as it was before it.
    """
    least, known = pd.Series(np.nan, values.index), pd.Series(0, values.index)
    for back in range(1, SCHEDULES_COMPARED + 1):
        age = (nights - nights.groupby(flights).shift(back)).dt.days
        apart = (values - values.groupby(flights).shift(back)).where(age <= SCHEDULES_BACK)
        least = apart.where(least.isna() | (apart.abs() < least.abs()), least)
        known += apart.notna()
    return least.where(known > 1)


def compare_flights(now: pd.Series, back: pd.DataFrame) -> Mapping[str, object]:
    """A night's flights with those of the nights before: rows, carriers, and whether they came before."""
    enough = len(back) >= NIGHTS_NEEDED
    carriers = json.loads(now["carriers"])
    past = pd.DataFrame([json.loads(text) for text in back["carriers"]]).fillna(0)
    missing: list[str] = []
    uneven: list[str] = []
    for carrier in past if enough else []:
        median, count = past[carrier].median(), carriers.get(carrier, 0)
        is_regular = len(back) >= REGULAR_NIGHTS and (past[carrier] > 0).all() and median >= 5
        if count == 0 and (is_regular or median >= LARGE_CARRIER):
            missing.append(str(carrier))
        elif median >= LARGE_CARRIER and not 0.35 <= count / median <= 1.8:
            uneven.append(f"{carrier} {count} instead of {median:.0f}")
    return {
        "nights_before": len(back),
        "carriers_missing": ", ".join(missing) or NONE,
        "carriers_uneven": "; ".join(uneven) or NONE,
        "same_as_night": _same_as(now, back),
    }


def compare_weather(now: pd.Series, back: pd.DataFrame) -> Mapping[str, object]:
    """A night's temperature with those of the nights before, and whether its weather came before."""
    usual = back["mean_temp"].tail(7).median() if len(back) >= NIGHTS_NEEDED else np.nan
    return {
        "nights_before": len(back),
        "temp_from_usual": now["mean_temp"] - usual if not np.isnan(usual) else 0.0,
        "same_as_night": _same_as(now, back),
    }


def _same_as(now: pd.Series, back: pd.DataFrame) -> str:
    twins = back.loc[back["fingerprint"] == now["fingerprint"], "night"]
    return str(twins.iloc[-1].date()) if len(twins) else NONE
