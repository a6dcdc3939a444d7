"""Two deliveries that disagree: the rows are named, and the one is blamed that is unlike what came before."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from redeye.audits.logic.disagreements import Culprit, Disagreement, find_disagreements, find_overdue

KEY, WITHIN = ["day", "line", "stop", "at"], ["day"]
FIRST, DAYS = pd.Timestamp("2015-03-02"), 29
TODAY = FIRST + pd.Timedelta(days=DAYS - 1)


def timetable(day: pd.Timestamp) -> pd.DataFrame:
    """Some 200 trips of a day: most as every week, some of this weekday, a tenth of this day alone."""
    lines = [(f"L{n % 20}", f"S{n // 20}", 600 + n) for n in range(160)]
    lines += [(f"W{day.dayofweek}", f"S{n}", 700 + n) for n in range(20)]
    lines += [(f"D{day.dayofyear}", f"S{n}", 800 + n) for n in range(20)]
    return pd.DataFrame(lines, columns=["line", "stop", "at"]).assign(
        day=day.date().isoformat(), night=day - pd.Timedelta(days=1), is_due=lambda frame: frame["at"] < 750
    )


def trips(day: pd.Timestamp) -> pd.DataFrame:
    return timetable(day).drop(columns="is_due").assign(night=day)


BEFORE = [FIRST + pd.Timedelta(days=n) for n in range(DAYS - 1)]
EARLIER = pd.concat([trips(day) for day in BEFORE])


def renumbered(frame: pd.DataFrame, places: list[int]) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    frame.loc[places, "line"] = [f"X{n}" for n in range(len(places))]
    return frame


def disagree(rows: pd.DataFrame, plan: pd.DataFrame) -> list[Disagreement]:
    others = pd.concat([*(timetable(day) for day in BEFORE), plan], ignore_index=True)
    return find_disagreements(rows.reset_index(drop=True), others, EARLIER, key=KEY, within=WITHIN)


def test_what_agrees_is_not_named() -> None:
    assert disagree(trips(TODAY), timetable(TODAY)) == []


def test_a_changed_number_is_shown_with_both_sides_and_blamed_on_the_plan_that_changed_it() -> None:
    (found,) = disagree(trips(TODAY), renumbered(timetable(TODAY), [7]))
    assert (found.night, found.other_nights) == (TODAY.date(), ((TODAY - pd.Timedelta(days=1)).date(),))
    assert found.culprit == Culprit.OTHER
    assert list(found.unmatched) == [7]
    assert list(found.unanswered["line"]) == ["X0"]
    ((ours, theirs),) = found.pairs
    assert (ours["line"], theirs["line"]) == ("L7", "X0")
    assert {name for name in KEY if ours[name] != theirs[name]} == {"line"}


def test_a_changed_number_is_blamed_on_the_rows_that_changed_it() -> None:
    (found,) = disagree(renumbered(trips(TODAY), [7]), timetable(TODAY))
    assert found.culprit == Culprit.ITSELF
    assert "0 of the 1 keys that only the rows have came before, 1 of the 1" in found.evidence


@pytest.mark.parametrize("share", [0.03, 0.3])
def test_rows_that_the_plan_lost_are_sound(share: float) -> None:
    plan = timetable(TODAY).sample(frac=1 - share, random_state=1)
    (found,) = disagree(trips(TODAY), plan)
    assert found.culprit == Culprit.OTHER
    assert len(found.unmatched) == 200 - len(plan)


def test_rows_repeated_in_the_plan_under_other_numbers_are_the_plans() -> None:
    plan = timetable(TODAY)
    made_up = renumbered(plan.sample(frac=0.1, random_state=1), list(range(20)))
    (found,) = disagree(trips(TODAY), pd.concat([plan, made_up]))
    assert found.culprit == Culprit.OTHER
    assert set(found.unanswered["line"]) <= set(made_up["line"])


def test_rows_that_did_not_come_are_missed() -> None:
    rows = trips(TODAY)
    (found,) = disagree(rows.drop(rows.sample(frac=0.2, random_state=1).index), timetable(TODAY))
    assert found.culprit == Culprit.ITSELF
    assert found.unmatched.empty


def test_one_that_did_not_come_may_come_late() -> None:
    (found,) = disagree(trips(TODAY).drop(7), timetable(TODAY))
    assert (found.culprit, len(found.unanswered)) == (Culprit.UNTOLD, 1)
    assert "late" in found.evidence


def test_a_plan_that_repeats_last_weeks_is_at_fault_though_its_keys_came_before() -> None:
    last = timetable(TODAY - pd.Timedelta(days=7))
    stale = last.assign(day=TODAY.date().isoformat(), night=TODAY - pd.Timedelta(days=1)).drop(3)
    (found,) = disagree(trips(TODAY), stale)
    assert found.culprit == Culprit.OTHER
    assert "repeats night 2015-03-22" in found.evidence


def test_rows_that_repeat_last_weeks_are_at_fault() -> None:
    stale = trips(TODAY - pd.Timedelta(days=7)).assign(day=TODAY.date().isoformat(), night=TODAY)
    (found,) = disagree(stale, timetable(TODAY))
    assert found.culprit == Culprit.ITSELF


def test_a_dataset_that_is_always_the_same_repeats_nothing() -> None:
    def alike(day: pd.Timestamp) -> pd.DataFrame:
        return timetable(TODAY).assign(day=day.date().isoformat(), night=day - pd.Timedelta(days=1))

    others = pd.concat([alike(day) for day in [*BEFORE, TODAY]], ignore_index=True)
    rows = alike(TODAY).assign(night=TODAY).drop(columns="is_due")
    rows = renumbered(rows, [3])
    earlier = pd.concat([alike(day).assign(night=day) for day in BEFORE])
    (found,) = find_disagreements(rows, others, earlier, key=KEY, within=WITHIN)
    assert found.culprit == Culprit.ITSELF
    assert "repeat" not in found.evidence


def test_without_history_nothing_is_told_of_one_row_and_nothing_compared_of_a_day_without_a_plan() -> None:
    plan, rows = renumbered(timetable(TODAY), [190]), trips(TODAY)
    (found,) = find_disagreements(rows, plan, None, key=KEY, within=WITHIN)
    assert found.culprit == Culprit.UNTOLD
    other_day = plan.assign(day="2015-01-01")
    assert find_disagreements(rows, other_day, None, key=KEY, within=WITHIN) == []


def test_a_row_of_the_day_after_does_not_make_its_day_due() -> None:
    early = trips(TODAY + pd.Timedelta(days=1)).head(1).assign(night=TODAY)
    plan = pd.concat([timetable(TODAY), timetable(TODAY + pd.Timedelta(days=1))])
    assert disagree(pd.concat([trips(TODAY), early]), plan) == []


def test_the_verdict_is_right_as_often_as_is_said() -> None:
    generator, right = np.random.default_rng(5), 0
    for place in generator.choice(200, 20, replace=False):
        (plans,) = disagree(trips(TODAY), renumbered(timetable(TODAY), [int(place)]))
        (rows,) = disagree(renumbered(trips(TODAY), [int(place)]), timetable(TODAY))
        right += (plans.culprit == Culprit.OTHER) + (rows.culprit == Culprit.ITSELF)
        assert plans.culprit != Culprit.ITSELF or place >= 180
    assert right >= 0.85 * 40


def overdue(lost: list[int], *, without: int | None = None) -> list[int]:
    """Hours of what never came of the day two nights before the last, where some rows or a whole night are lost."""
    day = TODAY - pd.Timedelta(days=2)
    nights = [trips(each) for each in BEFORE if without is None or each != TODAY - pd.Timedelta(days=without)]
    came = pd.concat(nights, ignore_index=True)
    came = came[~((came["night"] == day) & came["at"].isin(lost))]
    others = pd.concat([timetable(each) for each in [*BEFORE, TODAY]], ignore_index=True)
    found = find_overdue(trips(TODAY), others, came, key=KEY, within=WITHIN, nights=2)
    assert set(found["of_night"]) <= {day}
    return sorted(found["at"])


def test_what_never_came_is_overdue_whenever_it_was_due() -> None:
    assert overdue([]) == []
    assert overdue([601, 755]) == [601, 755]


def test_while_a_night_is_missing_nothing_is_overdue() -> None:
    assert overdue([601], without=1) == []
