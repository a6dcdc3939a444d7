"""The report on a change: what changed, who reads it, what it does to scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import delay_minutes
import made_classes
from made_rows import SPEC

from redeye.champions.logic.readers import Reader
from redeye.foundation.settings import settings
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_gains import Gain, LabelDiff, LabelFit
from redeye.review.logic.impact_measures import Measures
from redeye.review.logic.impact_moves import ColumnMove, ScoreDiff
from redeye.review.logic.impact_reach import Consumer, Rollout
from redeye.review.logic.impact_verdict import Impact, SpecDiff, judge
from redeye.review.logic.model_diff import ColumnDiff, Histogram, ModelDiff, Origin
from redeye.review.reports.impact_page import tabulate_impact, tabulate_models, write_page

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
MOVE = ColumnMove("Probability", 70, largest=0.05)
MEASURES = Measures.of(find_kind(SPEC))
MOVES = {"the share of true ones": (0.3, 0.2)}
LABEL = LabelDiff(900, 90, MOVES, True, True, (LabelFit("old", "new", 0.51, 0.99, {"AUC": 0.7}),))
IMPACT = Impact(
    "abc1234",
    "2013-04-01.r1",
    "2013-03-01 to 2013-04-01",
    (CHANGED, READING),
    specs=(SpecDiff("delay", 1, 2, ("a",), ("b",)), SpecDiff("other", None, 1, (), ())),
    readers=(READER,),
    used_by_specs={"delay": ("origin_evening__rate",)},
    scores=(
        ScoreDiff(READER, MEASURES, 7, 700, 70, 90, 9, (MOVE,), None, None, Interval(0.001, -0.0002, 0.003)),
    ),
    consumers=(Consumer("delay", "exposure (ml)", ("feat_origin__evening",)),),
    rollout=Rollout(("feat_origin__evening",), date(2013, 1, 1), date(2013, 4, 1), 12.0, 3.0, 365),
    gains=(
        Gain("delay", MEASURES, "xgboost", 5000, "2013-03-19..2013-04-01", 3, 0.5, 0.49, None, LABEL, 33.0),
    ),
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
    over_nights = f"{settings().public_airflow_url}/redeye/models/delay/features/origin_evening__rate"
    assert f"| origin_evening__rate | delay v3 (champion) | [delay]({over_nights}) |" in text
    assert f'href="{over_nights}"' in page.read_text()
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


def test_kinds_that_are_judged_otherwise_have_tables_of_their_own(tmp_path: Path) -> None:
    numbers, classes = (
        Measures.of(find_kind(module.make_spec(tmp_path))) for module in (delay_minutes, made_classes)
    )
    value = ColumnMove("Value", 60, 12.5, 30.0, 31.0, 0.99)
    fates = (ColumnMove("late", 60, 0.05, 0.3, 0.31, 0.99), ColumnMove("Likeliest", 4))
    (score,), (gain,) = IMPACT.scores, IMPACT.gains
    label = LabelDiff(
        900, 90, {"the mean": (2.0, 3.0)}, False, False, (LabelFit("old", "new", 7.5, 0.8, {}),)
    )
    mixed = replace(
        IMPACT,
        scores=(
            score,
            replace(score, measures=numbers, columns=(value,) * 3, difference=Interval(1.5, -2.0, 30.0)),
            replace(score, measures=classes, columns=fates),
        ),
        gains=(gain, replace(gain, measures=numbers, old=51.0, new=49.0, label=label)),
    )
    text = write_page(mixed, judge(mixed), tmp_path).with_suffix(".md").read_text()
    scores = text[text.index("## Scores") : text.index("## Trained anew")]
    assert scores.count("gained is on mature labels") == 3
    assert "A score moves if one of its values does by more\nthan a thousandth of" in scores
    assert "Numbers and pinball loss are in the unit of the label.\n\n| version |" in scores
    assert (
        "| pinball loss gained | largest move | rank correlation | absolute error | coverage error |"
        in scores
    )
    assert "| +1.500 (-2.000 to +30.000) | 12.50 | 0.9900 |" in scores
    assert "| Value | 60 of 700 (8.6%) | 30.00 → 31.00 | 12.50 | 0.9900 |" in scores
    assert "| late | 60 of 700 (8.6%) | 0.3000 → 0.3100 | 0.0500 | 0.9900 |" in scores
    assert "| Likeliest | 4 of 700 (0.6%) |  |  |  |" in scores
    # What is one number a row has no columns of its own.
    assert scores.count("| of each row |") == 2
    assert "| seeds | pinball loss | gained |" in text
    assert "| 51.00 → 49.00 |" in text
    assert (
        "Pinball losses by two labels are not comparable; as shares of that of constant quantiles they are."
        in text
    )
    assert "| trained on | judged by | pinball loss | of that of constant quantiles |\n" in text
    titles = [title for title, _ in tabulate_impact(mixed)]
    assert titles[:5] == ["Scores"] * 3 + ["Scores by what they are made of"] * 2


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
