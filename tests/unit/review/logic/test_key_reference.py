"""The reference of every key is of the schemas of now, and says something of each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from redeye.declarations.project import Project
from redeye.declarations.specs import render_json_schema
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.logic.key_reference import list_unexplained, render_reference

PROJECT: dict[str, Any] = json.loads(render_json_schema(Project))
SPEC: dict[str, Any] = json.loads(render_json_schema())
PAGE = render_reference(PROJECT, SPEC)


def test_the_page_is_fresh() -> None:
    written = (PROJECT_ROOT / "docs" / "reference" / "keys.md").read_text(encoding="utf-8")
    assert written == PAGE, "stale: `./redeye docs` writes it"


@pytest.mark.parametrize("schema", [PROJECT, SPEC])
def test_something_is_said_of_every_key(schema: dict[str, Any]) -> None:
    assert list_unexplained(schema) == []


def test_every_key_of_every_level_has_a_line() -> None:
    for schema in (PROJECT, SPEC):
        for found in [schema, *schema["$defs"].values()]:
            for key in found.get("properties", {}):
                assert f"| `{key}` |" in PAGE, key


def test_a_line_says_what_is_allowed_and_what_holds_if_it_is_left_out() -> None:
    assert "| `every` | `day` | `day` or `week` | How long a night is. |" in PAGE
    assert "### `datasets.<name>`" in PAGE
    assert "| `minimum_nights` | required | whole number, at least 2 | " in PAGE
    assert "| `zone` | required | text | " in PAGE


def test_a_key_of_which_nothing_is_said_is_named() -> None:
    said = {"type": "integer", "description": "How many."}
    bare = {"properties": {"many": {"type": "integer"}, "few": said}}
    assert list_unexplained({**bare, "$defs": {"Inner": bare}}) == [".many", "Inner.many"]
