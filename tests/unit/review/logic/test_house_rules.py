"""Each rule on form says what is wrong with one model or source, and nothing of a sound one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redeye.review.logic import house_rules
from redeye.warehouse.logic.dbt_models import Column, Model, Project, Source

COLUMNS = {
    "night": Column("The night.", "date"),
    "event_at": Column("Its cutoff.", "timestamp"),
    "created_at": Column("Known at.", "timestamp"),
    "rate": Column("A rate.", "double"),
}
FEATURE = Model(
    name="features.feat_shop__sales",
    title="feat_shop__sales",
    layer="features",
    folder="features",
    description="Grain: one row per shop and night.",
    columns=COLUMNS,
    tests=frozenset({"feature_rows"}),
    is_contracted=True,
    raw="with x as (select * from y)\nselect night, rate from x",
    sql="",
)
SOURCE = Source("raw.shops", {"night": Column("The night.", known="delivery")}, known_by="night")


def broken(model: Model = FEATURE, source: Source = SOURCE) -> list[tuple[str, str]]:
    project = Project({model.name: model}, {source.name: source})
    return [(each.subject, each.rule) for each in house_rules.form(project)]


def test_a_sound_model_and_source_break_nothing():
    assert broken() == []
    assert broken(replace(FEATURE, title="feat_shop__sales_v2")) == []


@pytest.mark.parametrize(
    ("changes", "subject", "rule"),
    [
        ({"title": "shop_sales"}, "", "names"),
        ({"title": "feat_shop__sales_vx2!"}, "", "names"),
        ({"layer": "scratch", "folder": "scratch"}, "", "names"),
        ({"folder": "marts"}, "", "names"),
        ({"description": "One row per shop."}, "", "stated grain"),
        ({"columns": {**COLUMNS, "rate": Column(" ", "double")}}, ".rate", "descriptions"),
        ({"columns": {**COLUMNS, "rate": Column("A rate.")}}, ".rate", "contract"),
        ({"columns": {k: v for k, v in COLUMNS.items() if k != "created_at"}}, "", "names"),
        ({"trusted": {"x": " "}}, "", "descriptions"),
        ({"is_contracted": False}, "", "contract"),
        ({"raw": "select night from x\nselect * from y"}, "", "no select *"),
        ({"raw": "select night from x\nselect x.* from y"}, "", "no select *"),
        ({"tests": frozenset()}, "", "tested key"),
        ({"tests": frozenset({"unique_key"})}, "", "tested key"),
    ],
)
def test_each_rule_refuses_what_breaks_it(changes: dict, subject: str, rule: str):
    model = replace(FEATURE, **changes)
    assert (model.title + subject, rule) in broken(model)
    assert {each for _, each in broken(model)} <= {rule, "contract", "names"}


def test_a_star_in_a_comment_or_a_query_within_is_no_star_at_the_end():
    assert broken(replace(FEATURE, raw="{# \nselect * #}\nselect night from x -- \n")) == []


def test_a_staging_model_needs_neither_contract_nor_named_columns():
    staged = replace(
        FEATURE,
        title="stg_web__shops",
        layer="staging",
        folder="staging",
        is_contracted=False,
        raw="\nselect * from x",
        tests=frozenset({"unique_in_window"}),
    )
    assert broken(staged) == []


@pytest.mark.parametrize(
    ("source", "subject"),
    [
        (replace(SOURCE, columns={"night": Column("", known="delivery")}), "raw.shops.night"),
        (
            replace(SOURCE, columns={"night": Column("The night.", known="soon")}),
            "raw.shops.night",
        ),
        (replace(SOURCE, known_by="day"), "raw.shops"),
    ],
)
def test_a_source_says_of_each_column_when_it_is_known(source: Source, subject: str):
    assert [each for each, _ in broken(source=source)] == [subject]
    timeless = replace(source, is_timeless=True)
    assert broken(source=timeless) == ([(subject, "descriptions")] if "" in _texts(source) else [])


def _texts(source: Source) -> list[str]:
    return [column.description for column in source.columns.values()]


def test_a_violation_reads_as_one_line():
    assert str(house_rules.Violation("a.b", "names", "is odd")) == "a.b: is odd [names]"
