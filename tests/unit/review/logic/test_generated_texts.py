"""The texts that follow from a declaration."""

from __future__ import annotations

import json

import pytest
from ruamel.yaml import YAML

from redeye.foundation.errors import ConfigError
from redeye.review.logic.feature_tables import Feature, FeatureTable
from redeye.review.logic.generated_texts import (
    render_aliases,
    render_anchors,
    render_macros,
    render_suite,
    render_views,
    replace_section,
)

SUITE = """\
types:
  night: date
  # begin: types
  gone: int
  # end: types
  event_at: timestamp
# begin: nulls
# end: nulls
expectations:
  - expect_column_values_to_be_unique: {column: night}
    because: A person wrote this.
  # begin: bounds
  # end: bounds
"""
FEATURES = (
    Feature("waiting", "bigint", may_be_null=True, between=(0, 0.5), because='Few: "small".'),
    Feature("mood", "varchar"),
)


def test_every_section_of_a_name_is_written_and_nothing_beside_it() -> None:
    text = "a\n  # begin: x\n  # end: x\nb\n# begin: y\nkept\n# end: y\n# begin: x\nold\n# end: x\n"
    filled = replace_section(text, "x", ["1", "2"])
    assert filled == (
        "a\n  # begin: x\n  1\n  2\n  # end: x\nb\n# begin: y\nkept\n# end: y\n# begin: x\n1\n2\n# end: x\n"
    )
    assert replace_section(filled, "x", []) == text.replace("old\n", "")


def test_a_text_without_the_section_is_refused() -> None:
    with pytest.raises(ConfigError, match="# begin: z"):
        replace_section(SUITE, "z", [])


def test_a_suite_has_what_its_table_declares_beside_what_a_person_wrote() -> None:
    suite = YAML(typ="safe").load(render_suite(SUITE, FEATURES))
    assert list(suite["types"].items()) == [
        ("night", "date"),
        ("waiting", "int"),
        ("mood", "text"),
        ("event_at", "timestamp"),
    ]
    assert suite["may_be_null"] == ["waiting"]
    person, bounds = suite["expectations"]
    assert person["because"] == "A person wrote this."
    assert bounds["expect_column_values_to_be_between"] == {
        "column": "waiting",
        "min_value": 0,
        "max_value": 0.5,
    }
    assert bounds["because"] == 'Few: "small".'
    assert "may_be_null" not in YAML(typ="safe").load(
        render_suite(render_suite(SUITE, FEATURES), FEATURES[1:])
    )


def test_tables_of_the_same_columns_share_their_fields() -> None:
    other = (Feature("waiting", "double"),)
    text = render_views(
        [
            FeatureTable("feat_shop__queue", "Waiting.", "shop_id", FEATURES),
            FeatureTable("feat_city__queue", "Waiting.", "city_id", FEATURES),
            FeatureTable("feat_land__queue", "Waiting.", "land_id", other),
        ]
    )
    compile(text, "views.py", "exec")
    assert 'QUEUE: Fields = {\n    "waiting": Int64,\n    "mood": String,\n}\n' in text
    assert 'LAND_QUEUE: Fields = {\n    "waiting": Float64,\n}\n' in text
    assert 'city_queue = feature_view(\n    "feat_city__queue",\n    entities.city,\n    QUEUE,\n' in text
    assert "from feast.types import Float64, Int64, String\n" in text


def test_a_macro_gives_each_constant_as_what_it_is() -> None:
    text = render_macros({"late_minutes": 15, "windows": (1, 7), "zone": "Europe/Madrid"})
    assert "{% macro late_minutes() -%} {{ return(15) }} {%- endmacro %}" in text
    assert "{% macro windows() -%} {{ return([1, 7]) }} {%- endmacro %}" in text
    assert "{% macro zone() -%} {{ return('Europe/Madrid') }} {%- endmacro %}" in text


def test_columns_are_anchored_once_and_named_by_their_anchors() -> None:
    own = {"data_type": "bigint", "config": {"meta": {"may_be_null": True}}}
    templates = [{"name": f"{each}_{{window}}", "description": 'Of "{nights}": all.', **own} for each in "nm"]
    by_window = [
        [{"name": f"{each}_{window}", "description": f'Of "{window}": all.', **own} for each in "nm"]
        for window in ("1n", "7n")
    ]
    written = [f"- &{each['name'][0]} {json.dumps(each)}" for each in templates]
    lines = [*written, *render_anchors(templates, by_window), "columns: [", *render_aliases(by_window), "]"]
    text = "\n".join(["anchors:", *lines])
    assert YAML(typ="safe").load(text)["columns"] == [*by_window[0], *by_window[1]]
    assert text.count("may_be_null") == len(templates)
