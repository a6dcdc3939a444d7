"""Which questions are asked of whoever answers at a terminal, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from redeye.review.new_project.answers import OF_COLUMN, OF_ENTITIES, Answers

_IS_YES = TypeAdapter(bool)
"""Reads the words for yes and no, as the field does."""


def is_asked(name: str, given: Mapping[str, Any]) -> bool:
    """Whether a question says something after the answers so far."""
    if name == "valid" and given.get("seen_within"):
        return False
    if name == "is_at_least" and given.get("take") in OF_COLUMN:
        return False
    if name == "is_number":
        return not given.get("each") and given.get("is_at_least") is None
    if name == "classes":
        is_other = given.get("is_at_least") is not None or _IS_YES.validate_python(
            given.get("is_number", False)
        )
        return not is_other and given.get("take", "last") == "last"
    if name == "unseen_class":
        return bool(given.get("classes"))
    return name not in OF_ENTITIES[1:] or bool(given.get("each"))


def is_required(name: str, given: Mapping[str, Any]) -> bool:
    """Whether an answer has to be given after those so far."""
    if given.get("each"):
        has_column = given.get("take") in OF_COLUMN
        is_open = name == "valid" and not given.get("seen_within")
        return (
            name in ("take", "during", "if_none")
            or (name == "predict" and has_column)
            or is_open
            or _is_always(name)
        )
    return name == "predict" or _is_always(name)


def _is_always(name: str) -> bool:
    return Answers.model_fields[name].is_required()


def describe_questions() -> list[tuple[str, str, Any]]:
    """The questions in their order: key, what is asked, and the answer that an empty one stands for."""
    return [
        (name, str(field.description), None if field.is_required() else field.default)
        for name, field in Answers.model_fields.items()
    ]
