"""Reads a YAML file of declarations, with the lines of its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from redeye.foundation.errors import ConfigError


def read_mapping(path: Path, *, begins_with: str) -> dict[str, Any]:
    """The mapping that a file holds; ruamel.yaml remembers the lines of its keys.

    Args:
        path: of the file.
        begins_with: what such a file begins with, for the operator.

    Raises:
        ConfigError: if there is no such file, it is no YAML, or no mapping.
    """
    try:
        document: Any = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; put one there or correct the name") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(
            f"{path}:{line}: not readable as YAML: {error.problem}; correct that line"
        ) from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}:1: not a mapping of keys; start with `{begins_with}`")
    return document
