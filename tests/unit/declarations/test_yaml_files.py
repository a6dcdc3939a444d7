"""A file of declarations is a mapping that knows its lines, or it is refused with the line to correct."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from redeye.declarations.yaml_files import read_mapping
from redeye.foundation.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.yaml"


def read(path: Path, text: str) -> Any:
    path.write_text(text, encoding="utf-8")
    return read_mapping(path, begins_with="project: <name>")


def test_a_mapping_is_read_with_the_lines_of_its_keys(path: Path):
    found = read(path, "a: 1\n# A remark.\nb:\n  c: été\n")
    assert found == {"a": 1, "b": {"c": "été"}}
    # From 0, as ruamel.yaml counts.
    assert (found.lc.key("b"), found["b"].lc.key("c")) == ((2, 0), (3, 2))


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
