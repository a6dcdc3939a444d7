"""What pages are handed to draw is frozen, and says in what form it is read."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from redeye.models.logic.blocks import Form, Picture, Table


def test_a_form_is_the_word_that_templates_compare_with() -> None:
    assert [f"{form}" for form in Form] == ["text", "count", "share", "number"]


def test_a_block_is_frozen_and_without_references_has_none() -> None:
    picture = Picture("Coverage", [0.1], {"labels": [0.1]}, "quantile")
    assert picture.references == {}
    with pytest.raises(FrozenInstanceError):
        picture.title = "another"  # type: ignore[misc]
    assert Table((("Slice", Form.TEXT),), [("AA",)]).note == ""
