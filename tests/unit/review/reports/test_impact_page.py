"""The report on a change: what changed, who reads it, what it does to scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from redeye.champions.logic.readers import Reader
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_gains import Gain, LabelDiff, LabelFit
from redeye.review.logic.impact_reach import Consumer, Rollout
from redeye.review.logic.impact_verdict import Impact, ScoreDiff, SpecDiff, judge
from redeye.review.logic.model_diff import ColumnDiff, Histogram, ModelDiff, Origin
from redeye.review.reports.impact_page import tabulate_models, write_page

READER = Reader("delay", 3, "champion", "xgboost", "delay_v1", frozenset({"origin_evening__rate"}))
RATE = ColumnDiff(
    "rate", "values", 120, 0.25, 3, 4, 0.1, 0.2, Histogram(("0", "1"), (0.5, 0.5), (0.25, 0.75))
)
CHANGED = ModelDiff(
    "features.feat_origin__evening",
    Origin.CHANGED,
    ("origin_id",),
    rows_old=1000,
    rows_new=1002,
    keys_added=2,
    columns=(RATE, ColumnDiff("new", "added")),
    seconds_old=1.0,
    seconds_new=2.0,
)
READING = ModelDiff(
    "marts.fct_reading", Origin.DOWNSTREAM, ("id",), 5, 5, 0, 0, (ColumnDiff("z", "values", 3),), 1.0, 1.0
)
LABEL = LabelDiff(900, 90, 0.3, 0.2, (LabelFit("old", "new", 0.51, 0.99, 0.7),))
IMPACT = Impact(
    "abc1234",
    "2013-04-01.r1",
    "2013-03-01 to 2013-04-01",
    (CHANGED, READING),
    specs=(SpecDiff("delay", 1, 2, ("a",), ("b",)), SpecDiff("other", None, 1, (), ())),
    readers=(READER,),
    used_by_specs={"delay": ("origin_evening__rate",)},
    scores=(ScoreDiff(READER, 7, 700, 70, 90, 9, 0.05, None, None, None, Interval(0.001, -0.0002, 0.003)),),
    consumers=(Consumer("delay", "exposure (ml)", ("feat_origin__evening",)),),
    rollout=Rollout(("feat_origin__evening",), date(2013, 1, 1), date(2013, 4, 1), 12.0, 3.0, 365),
    gains=(Gain("delay", "xgboost", 5000, "2013-03-19..2013-04-01", 3, 0.5, 0.49, None, LABEL, 33.0),),
    seconds={"build": 12.0, "scores": 3.0},
)


def test_the_page_shows_what_changed_and_for_whom(tmp_path: Path) -> None:
    (tmp_path / "impact-7.svg").write_text("of an older report")
    page = write_page(IMPACT, judge(IMPACT), tmp_path)
    text = page.with_suffix(".md").read_text()
    assert text.startswith("# Impact: breaks\n\n- 1 of the features that delay version 3 (xgboost, champion)")
    assert (
        "| feat_origin__evening | changed | 1,000 → 1,002 | 2 | 0 | new (added), rate | 1.0 → 2.0 |" in text
    )
    assert "15 s: build 12 s, scores 3 s." in text
    assert "| feat_origin__evening.rate | 120 of 1,000 | 0.25 | 3 → 4 | 0.1 → 0.2 | 25.0% |" in text
    assert "by lineage: fct_reading 0 of 1." in text
    assert "The spec of delay goes from version 1 to 2: adds a; leaves out b.\n" in text
    assert "The spec of other is new.\n" in text
    assert "| origin_evening__rate | delay v3 (champion) | delay |" in text
    assert (
        "| 9 of 90 (10.0%) | 70 of 700 (10.0%) | +0.00100 (-0.00020 to +0.00300) | 0.0500 |  |  |  |" in text
    )
    assert "| delay | xgboost | 2013-03-19..2013-04-01 | 5,000 | 3 | 0.5000 → 0.4900 |  | 33 |" in text
    assert "| delay | the old label | the new label | 0.5100 | 0.990 | 0.7000 |" in text
    assert {path.name for path in tmp_path.iterdir()} == {"impact.md", "impact.html", "impact-1.svg"}
    assert "25.0% of rows in another bin" in page.read_text()
    assert "| delay | exposure (ml) | feat_origin__evening |" in text
    assert "rows from night 2013-04-02 on; the 91 nights before keep the old values" in text
    assert "trainings learn from both until night 2014-04-01" in text
    # Scores stand before data, and what is to be done before both.
    places = [text.index(each) for each in ("1 of the features", "## Scores", "## Who", "## Data")]
    assert places == sorted(places)


def test_a_comment_shows_plots_as_text_and_the_page_as_pictures(tmp_path: Path) -> None:
    page = write_page(IMPACT, judge(IMPACT), tmp_path)
    text = page.with_suffix(".md").read_text()
    assert "![" not in text
    assert (
        "```\nfeat_origin__evening.rate: 25.0% of rows in another bin\n"
        "               old                      new\n"
        "             0 ██████████▋       50.0% █████▍            25.0%\n"
        "             1 ██████████▋       50.0% ████████████████  75.0%\n```"
    ) in text
    assert "█" not in page.read_text()
    assert "<svg" in page.read_text()


def test_a_comment_is_no_longer_than_may_be_posted_and_says_that_it_is_cut(tmp_path: Path) -> None:
    columns = tuple(replace(RATE, name=f"rate_{place}") for place in range(2000))
    large = replace(IMPACT, models=(replace(CHANGED, columns=columns),))
    page = write_page(large, judge(large), tmp_path)
    text = page.with_suffix(".md").read_text()
    assert len(text.encode()) <= 65_000
    assert text.endswith("**Cut here**, as a comment may not be longer: the whole report is `impact.html`.\n")
    assert "rate_1999" in page.read_text()


def test_without_a_change_it_says_so(tmp_path: Path) -> None:
    nothing = Impact("abc1234", "2013-04-01.r1", "nights", ())
    text = write_page(nothing, judge(nothing), tmp_path).with_suffix(".md").read_text()
    assert text.startswith("# Impact: safe\n\n- no model differs from the base\n")
    assert "##" not in text


def test_a_new_model_has_nothing_to_be_compared_with() -> None:
    new = ModelDiff("marts.new", Origin.NEW, ("id",), rows_new=10, columns=(ColumnDiff("z", ""),))
    (row,) = tabulate_models(Impact("b", "r", "n", (new,))).rows
    assert row == ("new", "new", "0 → 10", "0", "0", "1 columns", "0.0", "0.0")
