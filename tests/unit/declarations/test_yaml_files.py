"""A file of declarations is a mapping that its model takes, or is refused with file, line, key and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, field_validator, model_validator

from redeye.declarations.spec_fields import Frozen, Name
from redeye.declarations.yaml_files import load_declaration, locate, read_mapping
from redeye.foundation.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.yaml"


def read(path: Path, text: str) -> Any:
    path.write_text(text, encoding="utf-8")
    return read_mapping(path, begins_with="project: <name>")


def test_a_mapping_is_read(path: Path):
    found = read(path, "a: 1\n# A remark.\nb:\n  c: été\n")
    assert found == {"a": 1, "b": {"c": "été"}}


def test_a_file_that_is_not_there_is_said_to_be_missing(path: Path):
    with pytest.raises(ConfigError) as error:
        read_mapping(path, begins_with="a")
    assert str(error.value) == f"{path}: no such file; put one there or correct the name"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: [1\n", 2), ("a: 1\nb: c: d\n", 2), ("a: 1\n\n\nb: 'x\n", 5), ("\tb: 1\n", 1), ("a: 1\na: 2\n", 2)],
)
def test_what_is_no_yaml_is_refused_with_the_line_counted_from_1(path: Path, text: str, line: int):
    with pytest.raises(ConfigError, match=r"; correct that line$") as error:
        read(path, text)
    assert str(error.value).startswith(f"{path}:{line}: not readable as YAML: ")


@pytest.mark.parametrize("text", ["", "- a\n", "text\n", "1\n", "# Nothing but a remark.\n"])
def test_what_is_no_mapping_is_refused_with_what_it_begins_with(path: Path, text: str):
    with pytest.raises(ConfigError, match="not a mapping of keys") as error:
        read(path, text)
    assert str(error.value) == f"{path}:1: not a mapping of keys; start with `project: <name>`"


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

    @model_validator(mode="after")
    def is_whole(self) -> Outer:
        for place, part in enumerate(self.parts):
            if part.rounds > 9:
                raise ValueError(f"parts.{place}.rounds are too many; write fewer")
        return self


def message(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_declaration(path, Outer, begins_with="name: <name>")
    return str(caught.value).replace(str(path), "")


def test_what_a_file_declares_is_checked_by_its_model(path: Path):
    path.write_text("name: a\ninner: {share: 1}\n", encoding="utf-8")
    found = load_declaration(path, Outer, begins_with="name: <name>")
    assert found == Outer(name="a", inner=Inner(share=1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inner: {share: 1}\n", ":1: name: is missing; add it"),
        (
            "name: a\ninner:\n  shar: 1\n  share: 1\n",
            ":3: inner.shar: unknown key; did you mean 'share'?",
        ),
        (
            "name: a\ninner:\n  share: 1\n  zzz: 1\n",
            ":4: inner.zzz: unknown key; use one of share, rounds",
        ),
        (
            "name: a\nparts:\n- share: 1\n- shaer: 1\n  share: 1\n",
            ":4: parts.1.shaer: unknown key; did you mean",
        ),
        ("name: A b\n", ":1: name: 'A b' does not match ^[a-z][a-z0-9_]*$; rename it"),
        ("name: x\n", ":1: name: x is taken; choose another name"),
        (
            "\nname: a\ninner:\n  share: 2\n",
            ":4: inner.share: 2: input should be less than or equal to 1;",
        ),
        (
            "name: a\ninner: {share: 1, rounds: many}\n",
            ":2: inner.rounds: 'many': input should be a valid int",
        ),
        (
            "name: a\nparts:\n- share: 1\n- share: 1\n  rounds: 10\n",
            ":5: parts.1.rounds are too many; write fewer",
        ),
    ],
)
def test_a_fault_is_named_with_its_line_and_its_remedy(path: Path, text: str, expected: str):
    assert message(path, text).startswith(expected)


def test_every_fault_has_a_line_of_its_own(path: Path):
    assert len(message(path, "inner: {share: 3}\nzz: 1\n").splitlines()) == 3


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (["b"], 2),
        (["b", "c", 1, "e"], 5),
        (["b", "c", 1, "missing"], 5),
        (["b", "missing", "deeper"], 2),
        (["b", "c", 9], 3),
        ([], 1),
    ],
)
def test_the_line_is_that_of_the_deepest_part_that_is_there(path: Path, location: list[int | str], line: int):
    path.write_text("a: 1\nb:\n  c:\n  - d\n  - e: 1\n", encoding="utf-8")
    assert locate(path, location) == f"{path}:{line}"
