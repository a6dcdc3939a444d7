"""Errors of a declaration name file, line, key, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, ValidationError, field_validator
from ruamel.yaml import YAML

from redeye.declarations.spec_errors import explain, find_line
from redeye.declarations.spec_fields import Frozen, Name


class Inner(Frozen):
    share: float = Field(le=1)
    rounds: int = 1


class Outer(Frozen):
    name: Name
    inner: Inner | None = None
    parts: tuple[Inner, ...] = ()

    @field_validator("name")
    @classmethod
    def refuse_x(cls, value: str) -> str:
        if value == "x":
            raise ValueError("x is taken; choose another name")
        return value


def message(text: str) -> str:
    document = YAML().load(text)
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(document)
    return explain(Path("a.yaml"), document, caught.value, Outer)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inner: {share: 1}\n", "a.yaml:1: name: is missing; add it"),
        (
            "name: a\ninner:\n  shar: 1\n  share: 1\n",
            "a.yaml:3: inner.shar: unknown key; did you mean 'share'?",
        ),
        (
            "name: a\ninner:\n  share: 1\n  zzz: 1\n",
            "a.yaml:4: inner.zzz: unknown key; use one of share, rounds",
        ),
        (
            "name: a\nparts:\n- share: 1\n- shaer: 1\n  share: 1\n",
            "a.yaml:4: parts.1.shaer: unknown key; did you mean",
        ),
        ("name: A b\n", "a.yaml:1: name: 'A b' does not match ^[a-z][a-z0-9_]*$; rename it"),
        ("name: x\n", "a.yaml:1: name: x is taken; choose another name"),
        (
            "\nname: a\ninner:\n  share: 2\n",
            "a.yaml:4: inner.share: 2: input should be less than or equal to 1;",
        ),
        (
            "name: a\ninner: {share: 1, rounds: many}\n",
            "a.yaml:2: inner.rounds: 'many': input should be a valid int",
        ),
    ],
)
def test_a_fault_is_named_with_its_line_and_its_remedy(text: str, expected: str):
    assert message(text).startswith(expected)


def test_every_fault_has_a_line_of_its_own():
    assert len(message("inner: {share: 3}\nzz: 1\n").splitlines()) == 3


def test_the_line_is_that_of_the_deepest_part_that_is_there():
    document = YAML().load("a: 1\nb:\n  c:\n  - d\n  - e: 1\n")
    assert find_line(document, ["b"]) == 2
    assert find_line(document, ["b", "c", 1, "e"]) == 5
    assert find_line(document, ["b", "c", 1, "missing"]) == 5
    assert find_line(document, ["b", "missing", "deeper"]) == 2
    assert find_line(document, ["b", "c", 9]) == 3
    assert find_line(None, ["b"]) == 1
