"""The unit tests that a new feature, or a new version of a table, is given."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from redeye.foundation.errors import ConfigError
from redeye.review.logic.declaration_edits import NewColumn, add_to_unit_tests, copy_unit_tests

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


def parsed(text: str) -> list[dict[str, object]]:
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


def test_a_new_version_is_tested_as_the_old_one() -> None:
    text = add_to_unit_tests(TESTS, column("1", "0"), "")
    tests = parsed(copy_unit_tests(text, "feat_origin__evening", "feat_origin__evening_v2"))
    old, new = ([each for each in tests if each["model"] == f"feat_origin__evening{v}"] for v in ("", "_v2"))
    assert [{**each, "model": ""} for each in old] == [{**each, "model": ""} for each in new]
    assert len(new) == 2
    assert copy_unit_tests(TESTS, "feat_date__calendar", "feat_date__calendar_v2") == TESTS
