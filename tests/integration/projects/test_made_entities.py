"""A project that predicts whoever rows are of: labels are those of the data, and no night knows more than it could."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest
from engine_alone import run_apart
from made_projects import MadeProject, make_entity_project, take_seed

from redeye.review.new_project.answers import Answers
from redeye.review.new_project.write_project import write_project

FIRST, HISTORY, NIGHTS, DURING = date(2026, 1, 1), 66, 2, 3
STORY = Path(__file__).with_name("entity_story.py")
LAST = FIRST + timedelta(days=HISTORY - 1)
NEWEST = LAST + timedelta(days=NIGHTS)
OUTAGE, QUIET, RESTATED = (FIRST + timedelta(days=after) for after in (30, 40, 62))
ADDED = 1
FINAL = DURING + 2
"""Nights after which a label is final: the span, the day before it begins, and one for corrections."""


@dataclass(frozen=True)
class Played:
    """What was made, what came of it, and the tables of its releases."""

    made: MadeProject
    result: dict[str, Any]
    folder: Path

    @property
    def one(self) -> str:
        return str(self.made.answers["one"])

    def read(self, release: str, table: str) -> pd.DataFrame:
        return duckdb.read_parquet(str(self.folder / release / f"{table}.parquet")).df()

    def read_labels(self, release: str) -> pd.DataFrame:
        return self.read(release, f"fct_{self.made.answers['many']}")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Files by day: that of one day comes with the last night, that of another holds no row, a third is restated."""
    folder, place = tmp_path_factory.mktemp("made") / "project", tmp_path_factory.mktemp("played")
    made = make_entity_project(folder, take_seed(), first=FIRST, nights=HISTORY + NIGHTS + 2, during=DURING)
    data = folder / "data"
    write_project(folder, Answers.model_validate(made.answers))
    rows = pd.read_csv(data / "rows.csv", dtype=str)
    (data / "rows.csv").unlink()
    for day, of_day in rows.groupby(rows["at"].str[:10]):
        kept = of_day[:0] if day == str(QUIET) else of_day
        kept.to_csv(data / f"{day}.csv", index=False)
    held = place / "held"
    held.mkdir()
    (data / f"{OUTAGE}.csv").rename(held / f"{OUTAGE}.csv")
    restated = pd.read_csv(data / f"{RESTATED}.csv", dtype={"order": str})
    restated.assign(paid=restated["paid"] + ADDED).to_csv(held / f"{RESTATED}.csv", index=False)
    declared = folder / "redeye.yaml"
    text = declared.read_text(encoding="utf-8")
    assert '"data/rows.csv"' in text
    declared.write_text(text.replace('"data/rows.csv"', '"data/{day:%Y-%m-%d}.csv"'), encoding="utf-8")
    known = MadeProject(made.answers, made.rows[made.rows["at"].str[:10] != str(QUIET)])
    words = [FIRST, LAST, NIGHTS, held]
    return Played(known, run_apart(STORY, folder, place, words), place)


def expect_labels(played: Played, labels: pd.DataFrame) -> pd.Series:
    """Whether each one has a row from the midnight after the cutoff on, by the rows themselves."""
    rows, key = played.made.rows, f"{played.one}_id"
    days = pd.to_datetime(rows["at"].str[:10])
    begins = labels["night"] + pd.Timedelta(days=2)
    seen = rows.groupby(key).groups
    return pd.Series(
        [
            bool(days.loc[seen[each]].between(begin, begin + pd.Timedelta(days=DURING - 1)).any())
            for each, begin in zip(labels[key], begins, strict=True)
        ],
        index=labels.index,
    )


def is_hit(labels: pd.DataFrame) -> pd.Series:
    """Whether the span of a row holds the day of the outage."""
    after = (pd.Timestamp(OUTAGE) - labels["night"]).dt.days
    return after.between(2, DURING + 1)


def test_final_labels_are_those_of_the_rows(played: Played) -> None:
    labels = played.read_labels("played")
    is_final = labels["night"] <= pd.Timestamp(NEWEST) - pd.Timedelta(days=FINAL)
    final = labels[is_final]
    assert final["is_back"].astype(bool).tolist() == expect_labels(played, final).tolist()
    assert final["is_back"].nunique() == 2
    assert labels.loc[~is_final, "is_back"].isna().all()
    assert labels.loc[~is_final, "outcome_known_at"].isna().all()


def test_an_outage_is_no_zero_and_a_day_without_rows_is(played: Played) -> None:
    before, after = played.read_labels("before"), played.read_labels("played")
    assert before.loc[is_hit(before), "is_back"].isna().all()
    is_old = before["night"] <= pd.Timestamp(LAST) + pd.Timedelta(days=NIGHTS - 1 - FINAL)
    assert before.loc[~is_hit(before) & is_old, "is_back"].notna().all()
    # What comes late makes the labels, known from then on.
    mended = after[is_hit(after)]
    assert mended["is_back"].notna().all()
    assert set(mended["outcome_night"]) == {pd.Timestamp(NEWEST)}


def test_who_is_predicted_was_seen_by_the_cutoff(played: Played) -> None:
    subjects = played.read("played", f"dim_{played.made.answers['many']}")
    rows, key = played.made.rows, f"{played.one}_id"
    # A row is known in the night of its day, and what lacked when the night was built is not.
    day = pd.to_datetime(rows["at"].str[:10])
    known = day.mask(day == pd.Timestamp(OUTAGE), pd.Timestamp(NEWEST))
    nights = pd.date_range(FIRST, NEWEST)
    expected = {
        (each, at)
        for at in nights
        for each in rows.loc[day.between(at - pd.Timedelta(days=27), at) & (known <= at), key].unique()
    }
    assert set(zip(subjects[key], subjects["night"], strict=True)) == expected
    by_night = subjects.groupby("night").size()
    assert by_night.iloc[0] < by_night.max(), "some appear"
    assert set(subjects.loc[subjects["night"] == by_night.index[-1], key]) < set(subjects[key]), "some leave"
    assert subjects[f"{played.one}_day_id"].is_unique


def test_a_night_knows_no_more_than_it_could(played: Played) -> None:
    names = sorted(path.stem for path in (played.folder / "played").glob("*.parquet"))
    assert [name.partition("_")[0] for name in names] == ["dim", "fct", "feat", "feat"]
    for name in names:
        one, other = (played.read(release, name) for release in ("played", "at_once"))
        order = [each for each in one.columns if each == "night" or each.endswith("_id")]
        one, other = (each.sort_values(order, ignore_index=True) for each in (one, other))
        pd.testing.assert_frame_equal(one, other)


def test_a_span_that_is_declared_later_knows_what_was_delivered_before(played: Played) -> None:
    """By the ledger: all of it, and each with the night that its build had it from, the outage's with the last."""
    kept, filled = (
        duckdb.read_parquet(str(played.folder / name))
        .df()
        .sort_values(["night", "arrival_night"], ignore_index=True)
        for name in ("played.deliveries.parquet", "filled.parquet")
    )
    pd.testing.assert_frame_equal(filled, kept)
    late = kept[kept["night"] < kept["arrival_night"]]
    assert [each.date() for each in late["night"]] == [OUTAGE, RESTATED]
    assert {each.date() for each in late["arrival_night"]} == {NEWEST}


@pytest.mark.parametrize(
    ("night", "added"), [(LAST, 0), (NEWEST, ADDED)], ids=["before", "after it is restated"]
)
def test_sums_and_means_are_those_of_the_rows_each_once(played: Played, night: date, added: int) -> None:
    features = played.read("played", f"feat_{played.one}__history")
    features = features[features["night"] == pd.Timestamp(night)]
    rows = played.made.rows
    days = pd.to_datetime(rows["at"].str[:10])
    week = rows[days.between(pd.Timestamp(night) - pd.Timedelta(days=6), pd.Timestamp(night))]
    week = week.assign(paid=week["paid"] + added * (week["at"].str[:10] == str(RESTATED)))
    paid = week.groupby(f"{played.one}_id")["paid"].agg(["size", "sum", "mean"])
    found = features.set_index(f"{played.one}_id")[["rows_7n", "sum_paid_7n", "mean_paid_7n"]]
    joined = found.join(paid)
    assert (joined["rows_7n"] == joined["size"].fillna(0)).all()
    assert joined["sum_paid_7n"].to_numpy() == pytest.approx(joined["sum"].fillna(0).to_numpy())
    assert joined["mean_paid_7n"].dropna().to_numpy() == pytest.approx(joined["mean"].dropna().to_numpy())


def test_a_model_replaces_the_heuristic_and_the_nights_are_sound(played: Played) -> None:
    trained = played.result["trained"]
    assert trained["is_promoted"], trained["reason"]
    assert all(not night["is_degraded"] and night["rows"] > 20 for night in played.result["nights"])
    assert played.result["verdict"] in {"ok", "warning"}


def test_each_night_predicts_a_span_of_its_own(played: Played) -> None:
    predictions = pd.DataFrame(played.result["predictions"])
    assert predictions["prediction_id"].is_unique
    zone = ZoneInfo(str(played.made.answers["zone"]))
    for night, of_night in predictions.groupby("night"):
        begin = pd.to_datetime(of_night["starts_at"]).dt.tz_localize("UTC").dt.tz_convert(zone)
        wanted = date.fromisoformat(str(night)[:10]) + timedelta(days=2)
        assert set(begin.dt.date) == {wanted}
        lasts = pd.to_datetime(of_night["ends_at"]) - pd.to_datetime(of_night["starts_at"])
        assert set(lasts.round("D")) == {pd.Timedelta(days=DURING)}


def test_a_night_without_a_release_predicts_those_of_the_last(played: Played) -> None:
    degraded, last = played.result["degraded"], played.result["nights"][-1]
    assert degraded["is_degraded"]
    assert degraded["rows"] == last["rows"]
