"""The verdict follows from the facts: who reads what changed decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_rows import SPEC

from redeye.champions.logic.readers import Reader
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.house_rules import Violation
from redeye.review.logic.impact_gains import Gain
from redeye.review.logic.impact_measures import Measures
from redeye.review.logic.impact_verdict import Impact, SpecDiff, Target, Verdict, judge, list_touched_models
from redeye.review.logic.model_diff import ColumnDiff, ModelDiff, Origin

TABLE = "features.feat_origin__evening"
FEATURE = "origin_evening__evening_flights"


def model(*columns: ColumnDiff, name: str = TABLE, **values: object) -> ModelDiff:
    return ModelDiff(name, Origin.CHANGED, ("night", "origin_id"), columns=columns, **values)  # type: ignore[arg-type]


def impact(*models: ModelDiff, **values: object) -> Impact:
    return Impact("base", "2013-01-01.r1", "nights", models, **values)  # type: ignore[arg-type]


def reader(*columns: str) -> Reader:
    return Reader("flight_delay", 3, "champion", "xgboost", "flight_delay_v1", frozenset(columns))


MEASURES = Measures.of(find_kind(SPEC))


def gain(lower: float, upper: float, *, seeds: int = 3) -> Gain:
    middle = (lower + upper) / 2
    bounds = Interval(middle, lower, upper)
    return Gain("flight_delay", MEASURES, "xgboost", 900, "a..b", seeds, 0.5, 0.5 - middle, bounds, None, 1.0)


TARGETS = (Target("flight_delay", "marts.fct_flights", "is_late"),)
CHANGED = ColumnDiff("evening_flights", "values", rows=7)
GONE = ColumnDiff("evening_flights", "removed")
RETYPED = ColumnDiff("evening_flights", "type", type_old="BIGINT", type_new="DOUBLE")


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param(impact(), Verdict.SAFE, id="nothing changed"),
        pytest.param(impact(model(ColumnDiff("evening_flights", ""))), Verdict.SAFE, id="the same rows"),
        pytest.param(impact(model(ColumnDiff("new", "added"))), Verdict.SAFE, id="a column more"),
        pytest.param(impact(model(CHANGED)), Verdict.LOOK, id="values that nobody reads"),
        pytest.param(
            impact(model(ColumnDiff("evening_flights", "")), redefined=("evening_flights",)),
            Verdict.LOOK,
            id="the same rows, defined otherwise",
        ),
        pytest.param(impact(model(keys_lost=1)), Verdict.LOOK, id="rows lost"),
        pytest.param(
            impact(model(CHANGED), readers=(reader("x"),)), Verdict.LOOK, id="a reader of something else"
        ),
        pytest.param(
            impact(model(CHANGED), readers=(reader(FEATURE),)), Verdict.BREAKS, id="values it reads"
        ),
        pytest.param(impact(model(GONE), readers=(reader(FEATURE),)), Verdict.BREAKS, id="a column it reads"),
        pytest.param(
            impact(model(ColumnDiff("evening_flights", ""), keys_lost=1), readers=(reader(FEATURE),)),
            Verdict.BREAKS,
            id="rows it reads",
        ),
        pytest.param(
            impact(model(GONE), used_by_specs={"flight_delay": (FEATURE,)}),
            Verdict.BREAKS,
            id="a spec's feature",
        ),
        pytest.param(
            impact(model(RETYPED), used_by_specs={"flight_delay": (FEATURE,)}),
            Verdict.LOOK,
            id="a spec's feature that is a number still",
        ),
        pytest.param(
            impact(model(replace(RETYPED, type_new="VARCHAR")), used_by_specs={"flight_delay": (FEATURE,)}),
            Verdict.BREAKS,
            id="a spec's feature that is text now",
        ),
        pytest.param(
            impact(model(ColumnDiff("is_late", "type"), name="marts.fct_flights")),
            Verdict.BREAKS,
            id="a mart's column",
        ),
        pytest.param(
            impact(model(RETYPED, name="marts.dim_planes")),
            Verdict.LOOK,
            id="a mart's number that is one still",
        ),
        pytest.param(impact(model(GONE)), Verdict.LOOK, id="a column that nobody reads is gone"),
        pytest.param(
            impact(model(ColumnDiff("evening_flights", "type"))),
            Verdict.LOOK,
            id="another type that nobody reads",
        ),
        pytest.param(
            impact(model(ColumnDiff("is_late", "values", rows=9), name="marts.fct_flights"), targets=TARGETS),
            Verdict.BREAKS,
            id="another label",
        ),
        pytest.param(
            impact(model(ColumnDiff("is_late", "values", rows=9), name="marts.dim_x"), targets=TARGETS),
            Verdict.LOOK,
            id="a column of the label's name elsewhere",
        ),
        pytest.param(impact(model(), refusals=("a suite",)), Verdict.BREAKS, id="a night that is refused"),
        pytest.param(impact(model(), failed_unit_tests="one"), Verdict.BREAKS, id="a unit test"),
        pytest.param(
            impact(model(), kept_columns=("x stays",)),
            Verdict.LOOK,
            id="a type that is carried from night to night",
        ),
        pytest.param(impact(gains=(gain(-0.2, -0.1),)), Verdict.LOOK, id="surely worse when trained"),
        pytest.param(impact(gains=(gain(-0.1, 0.1),)), Verdict.SAFE, id="nothing to tell when trained"),
        pytest.param(impact(broken_files=("a view",)), Verdict.BREAKS, id="a view that follows no table"),
        pytest.param(impact(short_of_history=("rows",)), Verdict.BREAKS, id="a night that lacks history"),
        pytest.param(impact(gains=(gain(-0.2, -0.1, seeds=1),)), Verdict.SAFE, id="one seed tells nothing"),
        pytest.param(
            impact(untrained=("too few nights",)), Verdict.LOOK, id="a model that cannot be trained"
        ),
        pytest.param(
            impact(specs=(SpecDiff("flight_delay", 1, 1, (), (), ("split",)),)),
            Verdict.LOOK,
            id="other windows",
        ),
        pytest.param(
            impact(specs=(SpecDiff("flight_delay", 1, 1, (), (), ("target",)),)),
            Verdict.BREAKS,
            id="another target",
        ),
        pytest.param(impact(failure="a test failed"), Verdict.BREAKS, id="dbt"),
        pytest.param(
            impact(violations=(Violation("m", "names", "wrong"),)), Verdict.BREAKS, id="a house rule"
        ),
        pytest.param(impact(leaks=("rows differ",)), Verdict.BREAKS, id="a leak in the rows"),
        pytest.param(
            impact(specs=(SpecDiff("flight_delay", 1, 1, ("a:b",), ()),)),
            Verdict.BREAKS,
            id="features under the same version",
        ),
        pytest.param(
            impact(specs=(SpecDiff("flight_delay", 1, 2, ("a:b",), ()),)), Verdict.LOOK, id="the next version"
        ),
        pytest.param(impact(model(seconds_old=5.0, seconds_new=30.0)), Verdict.LOOK, id="six times as slow"),
        pytest.param(impact(model(seconds_old=0.1, seconds_new=0.6)), Verdict.SAFE, id="a moment slower"),
    ],
)
def test_verdict(found: Impact, verdict: Verdict) -> None:
    judgement = judge(found)
    assert judgement.verdict is verdict, judgement
    assert judgement.reasons
    assert judgement.verdict.exit_code == {"safe": 0, "look": 1, "breaks": 2}[verdict]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (impact(), "no model differs from the base"),
        (
            impact(model(ColumnDiff("evening_flights", ""))),
            "every row of every model that was built is as it was",
        ),
        (
            impact(model(ColumnDiff("new", "added"))),
            "only adds feat_origin__evening.new; all else is as it was",
        ),
    ],
)
def test_what_is_safe_says_how_much_of_it_differs(found: Impact, said: str) -> None:
    assert judge(found).reasons == (said,)


def test_a_removed_table_breaks_who_reads_it() -> None:
    gone = ModelDiff(TABLE, Origin.REMOVED, ("night",), columns=(GONE,))
    assert judge(impact(gone, readers=(reader(FEATURE),))).verdict is Verdict.BREAKS
    assert judge(impact(gone)).verdict is Verdict.LOOK


def test_a_redefined_label_is_named_with_the_model_that_predicts_it() -> None:
    reasons = judge(
        impact(model(ColumnDiff("is_late", "values", rows=7339), name="marts.fct_flights"), targets=TARGETS)
    ).reasons
    assert reasons[0].startswith(
        "fct_flights.is_late is what flight_delay predicts (other values in 7,339 rows)"
    )


def test_another_type_is_told_with_both() -> None:
    assert judge(impact(model(RETYPED))).reasons == (
        "feat_origin__evening loses or retypes evening_flights (BIGINT → DOUBLE)",
    )


def test_what_a_training_gains_is_told_with_its_interval_whatever_the_verdict() -> None:
    for found in (impact(gains=(gain(-0.1, 0.1),)), impact(model(CHANGED), gains=(gain(-0.1, 0.1),))):
        assert "log loss gained 0.0000 (-0.1000 to 0.1000) on 900 rows" in judge(found).reasons[-1]


CANCELLED = "flight_cancelled"
OTHER = Reader(
    CANCELLED, 2, "champion", "torch", f"{CANCELLED}_v1", frozenset({"origin_weather__temperature_f"})
)
USED = {"flight_delay": (FEATURE,), CANCELLED: ("origin_weather__temperature_f",)}
BOTH = (*TARGETS, Target(CANCELLED, "marts.fct_flights", "is_cancelled"))
WEATHER = model(ColumnDiff("temperature_f", "values", rows=3), name="features.feat_origin__weather")


def named(found: Impact) -> set[str]:
    reasons = " ".join(judge(found).reasons)
    return {each for each in ("flight_delay", CANCELLED) if each in reasons}


@pytest.mark.parametrize(
    ("changes", "models"),
    [
        pytest.param({"models": (model(CHANGED),)}, {"flight_delay"}, id="what the first reads"),
        pytest.param({"models": (WEATHER,)}, {CANCELLED}, id="what the second reads"),
        pytest.param(
            {"models": (model(CHANGED), WEATHER)}, {"flight_delay", CANCELLED}, id="what each reads"
        ),
        pytest.param({"models": (model(GONE),)}, {"flight_delay"}, id="a column of the first gone"),
        pytest.param(
            {"models": (model(ColumnDiff("is_cancelled", "values", rows=5), name="marts.fct_flights"),)},
            {CANCELLED},
            id="the label of the second",
        ),
        pytest.param(
            {"specs": (SpecDiff(CANCELLED, 1, 1, ("a:b",), ()),)}, {CANCELLED}, id="a spec under its version"
        ),
        pytest.param(
            {"specs": (SpecDiff(CANCELLED, 1, 2, ("a:b",), ()),)}, {CANCELLED}, id="the next version"
        ),
        pytest.param({"models": (model(ColumnDiff("new", "added")),)}, set(), id="what nobody reads"),
        pytest.param(
            {"models": (model(ColumnDiff("new", "added"), name="marts.fct_flights"),)},
            set(),
            id="a label more",
        ),
    ],
)
def test_of_two_models_the_verdict_names_those_that_a_change_is_about(
    changes: dict[str, tuple[object, ...]], models: set[str]
) -> None:
    diffs = changes.pop("models", ())
    found = impact(*diffs, readers=(reader(FEATURE), OTHER), used_by_specs=USED, targets=BOTH, **changes)  # type: ignore[arg-type]
    assert named(found) == models
    assert {*list_touched_models(found)} == models


def test_rows_that_a_population_gains_touch_every_model_that_learns_from_it() -> None:
    flights = model(ColumnDiff("flight_id", ""), name="marts.fct_flights", keys_added=4)
    assert list_touched_models(impact(flights, targets=BOTH)) == (CANCELLED, "flight_delay")


def test_gains_are_told_by_model() -> None:
    worse = replace(gain(-0.15, -0.05), model=CANCELLED)
    reasons = judge(impact(gains=(gain(-0.1, 0.1), worse))).reasons
    assert [each.split()[0] for each in reasons] == [CANCELLED, "flight_delay"]
    assert reasons[0].startswith(f"{CANCELLED} trained on it is worse")
