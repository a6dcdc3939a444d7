"""The unit tests that a new feature, or a new version of a table, is given."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from redeye.foundation.errors import ConfigError
from redeye.review.logic.declaration_edits import NewColumn, add_to_columns, add_to_unit_tests, copy_table

TESTS = """\
unit_tests:
  - name: it_counts
    model: feat_origin__evening
    overrides:
      macros: {first_night: "date '2013-04-07'"}
    given:
      - input: ref('flights')
        rows:
          - {night: 2013-04-07, origin_id: JFK}
    expect:
      rows:
        # Of one night.
        - {night: 2013-04-07, origin_id: JFK, flights: 1}
        - {night: 2013-04-08, origin_id: JFK, flights: 0}

  - name: another
    model: feat_origin__weather
    given: []
    expect: {rows: []}
"""


def column(*expected: str, table: str = "feat_origin__evening", name: str = "departed") -> NewColumn:
    return NewColumn(table, name, "bigint", "1", "It.", (0, 9), "So.", False, expected)


def parsed(text: str) -> list[dict[str, Any]]:
    return YAML(typ="safe").load(text)["unit_tests"]


def test_a_column_is_expected_in_the_rows_of_its_tables_own_test() -> None:
    text = add_to_unit_tests(TESTS, column("1", "null"), "")
    before, other, new = parsed(text)
    assert [before, other] == parsed(TESTS)
    assert (new["model"], new["given"], new["overrides"]) == (
        before["model"],
        before["given"],
        before["overrides"],
    )
    rows = new["expect"]["rows"]  # type: ignore[index]
    assert [(str(row["night"]), row["origin_id"], row["departed"]) for row in rows] == [
        ("2013-04-07", "JFK", 1),
        ("2013-04-08", "JFK", None),
    ]
    again = parsed(add_to_unit_tests(text, column("2", "3", name="gone"), ""))
    assert again[-1]["given"] == before["given"]


def test_as_many_values_are_asked_for_as_there_are_rows() -> None:
    with pytest.raises(ConfigError, match="1 values; it_counts has 2 rows"):
        add_to_unit_tests(TESTS, column("1"), "")


def test_a_table_without_a_test_gets_one_that_fails_until_its_rows_are_written() -> None:
    sql = "select * from {{ ref('int_x__y') }} -- and a macro's {{ ref('stg_x__keys') }}"
    *_, new = parsed(add_to_unit_tests(TESTS, column(table="feat_route__new"), sql))
    inputs = [each["input"] for each in new["given"]]  # type: ignore[attr-defined]
    assert inputs == ["ref('int_x__y')", "ref('stg_x__keys')"]
    assert len(new["expect"]["rows"]) == 1  # type: ignore[index]


COLUMNS = """\
models:
  - name: feat_origin__evening
    columns:
      - {name: night, data_type: date}
      - {name: event_at, data_type: timestamp}
"""


def parsed_models(text: str) -> list[dict[str, Any]]:
    return YAML(typ="safe").load(text)["models"]


def test_a_column_is_declared_with_what_its_audit_accepts() -> None:
    new = NewColumn("feat_origin__evening", "departed", "double", "1", 'Of "it": all.', (0, 0.5), "So.", True)
    (model,) = parsed_models(add_to_columns(COLUMNS, new))
    assert [each["name"] for each in model["columns"]] == ["night", "departed", "event_at"]
    assert model["columns"][1] == {
        "name": "departed",
        "data_type": "double",
        "description": 'Of "it": all.',
        "config": {"meta": {"may_be_null": True, "between": [0, 0.5], "because": "So."}},
    }


def test_columns_on_lines_of_their_own_are_read_as_well() -> None:
    block = COLUMNS.replace("{name", "name").replace(", data_type", "\n        data_type").replace("}", "")
    assert parsed_models(add_to_columns(block, column())) == parsed_models(add_to_columns(COLUMNS, column()))
    with pytest.raises(ConfigError, match="has a column night already"):
        add_to_columns(block, column(name="night"))


def test_a_column_that_is_there_is_refused() -> None:
    with pytest.raises(ConfigError, match="has a column departed already"):
        add_to_columns(add_to_columns(COLUMNS, column()), column())


def test_the_first_unit_test_of_a_file_begins_its_list() -> None:
    (new,) = parsed(add_to_unit_tests(COLUMNS, column(), "select * from {{ ref('int_x__y') }}"))
    assert new["model"] == "feat_origin__evening"


def test_a_new_version_is_declared_and_tested_as_the_old_one() -> None:
    text = COLUMNS + add_to_unit_tests(TESTS, column("1", "0"), "")
    old, new = (
        YAML(typ="safe").load(each) for each in (text, copy_table(text, "feat_origin__evening", "feat_x__y"))
    )
    assert new["models"] == [{**old["models"][0], "name": "feat_x__y"}]
    was = [each for each in old["unit_tests"] if each["model"] == "feat_origin__evening"]
    now = [each for each in new["unit_tests"] if each["model"] == "feat_x__y"]
    assert now == [{**each, "model": "feat_x__y"} for each in was]
    assert len(now) == 2
    assert "feat_origin__weather" in {each["model"] for each in new["unit_tests"]}
