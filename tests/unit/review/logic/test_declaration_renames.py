"""Keys that are called otherwise by now."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import AliasChoices, BaseModel, Field

from redeye.review.logic.declaration_renames import rename_keys


class Limit(BaseModel):
    high: float = Field(validation_alias=AliasChoices("high", "top"))
    low: float = Field(default=0, validation_alias=AliasChoices("low", "bottom"))


class Declared(BaseModel):
    limit: Limit
    named: Mapping[str, Limit] = {}
    many: tuple[Limit, ...] = ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("limit: {top: 2, bottom: 1}  # top\n", "limit: {high: 2, low: 1}  # top\n"),
        ("limit:\n  # top\n  top: 2\n\n  low: 1\n", "limit:\n  # top\n  high: 2\n\n  low: 1\n"),
        ("named:\n  top: {top: 1}\nlimit: {high: 2}\n", "named:\n  top: {high: 1}\nlimit: {high: 2}\n"),
        (
            "limit: {high: 1}\nmany:\n  - top: 1\n    bottom: 0\n  - {bottom: 3, high: 4}\n",
            "limit: {high: 1}\nmany:\n  - high: 1\n    low: 0\n  - {low: 3, high: 4}\n",
        ),
        ('limit: {"top": 2}\n', 'limit: {"top": 2}\n'),
    ],
)
def test_old_names_of_keys_become_those_of_now_and_nothing_else_changes(before: str, after: str) -> None:
    from ruamel.yaml import YAML

    declared = Declared.model_validate(YAML(typ="safe").load(before))
    assert rename_keys(before, declared) == after
