"""The report on a change: what changed, who reads it, what it does to scores."""

from __future__ import annotations

from pathlib import Path

from redeye.champions.logic.readers import Reader
from redeye.models.logic.evaluation import Interval
from redeye.review.impact_page import tabulate_models, write_page
from redeye.review.logic.impact_gains import Gain, LabelDiff, LabelFit
from redeye.review.logic.impact_verdict import Impact, ScoreDiff, SpecDiff, judge
from redeye.review.logic.model_diff import ColumnDiff, Histogram, ModelDiff, Origin

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
    scores=(ScoreDiff(READER, 7, 700, 70, 0.05, None, None, None, Interval(0.001, -0.0002, 0.003)),),
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
    assert "| 700 of 7 nights | 70 (10.0%) | 0.0500 |  |  |  | +0.00100 (-0.00020 to +0.00300) |" in text
    assert "| delay | xgboost | 2013-03-19..2013-04-01 | 5,000 | 3 | 0.5000 → 0.4900 |  | 33 |" in text
    assert "| delay | the old label | the new label | 0.5100 | 0.990 | 0.7000 |" in text
    assert {path.name for path in tmp_path.iterdir()} == {"impact.md", "impact.html", "impact-1.svg"}
    assert "25.0% of rows in another bin" in page.read_text()


def test_without_a_change_it_says_so(tmp_path: Path) -> None:
    nothing = Impact("abc1234", "2013-04-01.r1", "nights", ())
    text = write_page(nothing, judge(nothing), tmp_path).with_suffix(".md").read_text()
    assert text.startswith("# Impact: safe\n\n- no model differs from the base\n")
    assert "##" not in text


def test_a_new_model_has_nothing_to_be_compared_with() -> None:
    new = ModelDiff("marts.new", Origin.NEW, ("id",), rows_new=10, columns=(ColumnDiff("z", ""),))
    (row,) = tabulate_models(Impact("b", "r", "n", (new,))).rows
    assert row == ("new", "new", "0 → 10", "0", "0", "1 columns", "0.0", "0.0")
