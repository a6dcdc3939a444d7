"""Whom a change reaches, and what it takes to have it in the nights that are over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import delay_minutes
import made_classes

from redeye.champions.logic.readers import Reader
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import SPECS
from redeye.review.logic.impact_reach import Consumer, Rollout, find_consumers
from redeye.review.logic.model_diff import ColumnDiff, ModelDiff, Origin

FEATURE = "origin_evening__evening_flights"
EVENING = ModelDiff(
    "features.feat_origin__evening",
    Origin.CHANGED,
    ("night",),
    columns=(ColumnDiff("evening_flights", "values", 7),),
)
SAME = ModelDiff("marts.fct_flights", Origin.DOWNSTREAM, ("flight_id",), columns=(ColumnDiff("is_late", ""),))
EXPOSURES = {
    "report": ("dashboard", frozenset({"features.feat_origin__evening", "marts.fct_flights"})),
    "other": ("application", frozenset({"marts.fct_flights"})),
}
ROLLOUT = Rollout(("feat_origin__evening",), date(2013, 1, 1), date(2013, 4, 10), 12.4, 3.6, 30)


def reader(role: str, *columns: str) -> Reader:
    return Reader("flight_delay", 3, role, "xgboost", "flight_delay_v1", frozenset(columns))


def test_only_what_reads_something_that_changed_is_told() -> None:
    spec = load_spec(SPECS / "flight_delay.yaml")
    readers = [reader("champion", FEATURE, "x"), reader("last resort", "x"), reader("to go back to", FEATURE)]
    found = find_consumers([EVENING, SAME], EXPOSURES, readers, {spec.model: spec}, frozenset({FEATURE}))
    assert found == (
        Consumer("report", "exposure (dashboard)", ("feat_origin__evening",)),
        Consumer("probability, rank of flight_delay", "prediction files and API", (FEATURE,)),
        Consumer("flight_delay_v1", "Feast feature service", (FEATURE,)),
    )


def test_consumers_are_told_the_columns_of_the_models_own_kind(tmp_path: Path) -> None:
    for module, served, fallback in (
        (delay_minutes, "value, lower, upper, rank", "baseline_value, baseline_lower, baseline_upper"),
        (
            made_classes,
            ", ".join(("predicted_class", *made_classes.COLUMNS, "rank")),
            ", ".join(f"baseline_{name}" for name in made_classes.COLUMNS),
        ),
    ):
        spec = module.make_spec(tmp_path)
        readers = [replace(reader(role, FEATURE), model=spec.model) for role in ("champion", "last resort")]
        found = find_consumers([], {}, readers, {spec.model: spec}, frozenset({FEATURE}))
        names = [each.name for each in found if each.kind == "prediction files and API"]
        assert names == [f"{columns} of {spec.model}" for columns in (served, fallback)]


def test_labels_that_change_reach_training_and_quality() -> None:
    spec = load_spec(SPECS / "flight_delay.yaml")
    changed = replace(SAME, columns=(ColumnDiff("is_late", "values", 9),))
    found = find_consumers([changed], {}, [reader("champion", FEATURE)], {spec.model: spec}, frozenset())
    assert found == (Consumer("training and quality of flight_delay", "labels", ("fct_flights",)),)


def test_a_merge_alone_is_told_from_a_rebuild() -> None:
    assert tuple(ROLLOUT.describe()) == (
        "Merged and no more, the change is in rows from night 2013-04-11 on; the 100 nights before keep the old "
        "values, and trainings learn from both until night 2013-05-10.",
        "`./redeye rebuild 2013-01-01 --reason '…'` brings it into all 100 nights; these models took 12 s here for all "
        "of them.",
        "Predictions that were made stay in either case; to score a past night again (`./redeye rescore`) takes 3.6 s, "
        "all 100 nights 0.1 h for each version.",
    )


def test_views_need_no_rebuild_and_what_was_not_measured_is_not_told() -> None:
    (sentence,) = replace(ROLLOUT, incremental=()).describe()
    assert "nothing to rebuild" in sentence
    *_, scores = replace(ROLLOUT, score_seconds=None).describe()
    assert scores == "Predictions that were made stay in either case."
