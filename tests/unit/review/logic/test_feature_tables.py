"""Feature tables as their YAML declares them."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from redeye.review.logic.feature_tables import Feature, fill_windows, name_windows, read_tables

DECLARED = """\
models:
  - name: feat_shop_hour__queue
    description: >-
      How long people wait,
      in a shop. Grain: one row per night and shop_hour_id.
    data_tests:
      - feature_rows: {arguments: {key: shop_hour_id}}
    columns:
      - {name: night, data_type: date}
      - {name: shop_hour_id, data_type: varchar}
      - {name: waiting, data_type: bigint, config: {meta: {between: [0, 9], because: A shop is small.}}}
      - {name: mood, data_type: varchar, config: {meta: {may_be_null: true}}}
      - {name: event_at, data_type: timestamp}
      - {name: created_at, data_type: timestamp}
"""


def test_a_table_has_what_is_no_key_and_no_time_as_its_features() -> None:
    (table,) = read_tables(YAML(typ="safe").load(DECLARED))
    assert (table.entity, table.theme, table.key) == ("shop_hour", "queue", "shop_hour_id")
    assert table.description == "How long people wait, in a shop."
    assert table.features == (
        Feature("waiting", "bigint", between=(0, 9), because="A shop is small."),
        Feature("mood", "varchar", may_be_null=True),
    )


def test_a_table_without_the_test_of_its_rows_is_none() -> None:
    with pytest.raises(KeyError, match="feature_rows"):
        read_tables(YAML(typ="safe").load(DECLARED.replace("feature_rows", "unique_key")))


def test_a_column_stands_once_for_each_window_and_for_all() -> None:
    template = {"name": "n_{window}", "description": "Of {nights}.", "config": {"meta": {"between": [0, 1]}}}
    columns = fill_windows(template, name_windows((1, 7)))
    assert [(each["name"], each["description"]) for each in columns] == [
        ("n_1n", "Of the night."),
        ("n_7n", "Of the last 7 nights."),
        ("n_all", "Of all nights so far."),
    ]
    assert columns[1]["config"] == template["config"]
