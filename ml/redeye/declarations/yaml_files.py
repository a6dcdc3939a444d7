"""Reads a YAML file of declarations into its model, and says where in it a fault lies and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from redeye.foundation.errors import ConfigError

Declared = TypeVar("Declared", bound=BaseModel)
# What a check of several keys says first: which of them it is about.
_KEY = re.compile(r"[\w.]*")


def load_declaration(path: Path, model: type[Declared], *, begins_with: str) -> Declared:
    """What a file declares, checked by its model; the operator is told what such a file begins with.

    Raises:
        ConfigError: naming file, line and key of every fault, and what to do.
    """
    return validate(path, read_mapping(path, begins_with=begins_with), model)


def validate(path: Path, document: Mapping[str, Any], model: type[Declared]) -> Declared:
    """What a mapping declares that a file holds, checked by its model.

    Raises:
        ConfigError: naming file, line and key of every fault, and what to do.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ConfigError(explain(path, error, model)) from error


def read_mapping(path: Path, *, begins_with: str) -> dict[str, Any]:
    """The mapping that a file holds.

    Raises:
        ConfigError: if there is no such file, it is no YAML, or no mapping.
    """
    try:
        document: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
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


def explain(path: Path, error: ValidationError, root: type[BaseModel]) -> str:
    """One line per fault that pydantic found in a file: `file:line: key: what is wrong; what to do`."""
    lines = []
    for fault in error.errors(include_url=False):
        location = tuple(part for part in fault["loc"] if isinstance(part, int | str))
        advice = _advise(fault, location, root)
        place = location
        if fault["type"] == "value_error" and (named := _KEY.match(advice)):
            place += tuple(int(part) if part.isdigit() else part for part in named[0].split("."))
        key = ".".join(str(part) for part in location)
        lines.append(f"{locate(path, place)}: {f'{key}: ' if key else ''}{advice}")
    return "\n".join(lines)


def locate(path: Path, location: Sequence[int | str]) -> str:
    """`file:line` of the deepest part of `location` that the file has."""
    line: int = 1
    node: Any = YAML().load(path.read_text(encoding="utf-8"))
    for part in location:
        try:
            marks = node.lc.key(part) if isinstance(part, str) else node.lc.item(part)
            node = node[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
        line = marks[0] + 1
    return f"{path}:{line}"


def suggest(word: str, known: Sequence[str]) -> str:
    """What may be meant by a word that is not among those known, as the end of a message."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}" if known else ""


def _advise(fault: Mapping[str, Any], location: Sequence[int | str], root: type[BaseModel]) -> str:
    kind = fault["type"]
    if kind == "missing":
        return "is missing; add it"
    if kind == "extra_forbidden":
        known = _list_keys(root, location[:-1])
        close = get_close_matches(str(location[-1]), known, n=1)
        hint = (
            f"did you mean {close[0]!r}?"
            if close
            else f"use one of {', '.join(known)}"
            if known
            else "remove it"
        )
        return f"unknown key; {hint}"
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return f"{fault['input']!r} does not match {fault['ctx']['pattern']}; rename it"
    return f"{fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}; correct the value"


def _list_keys(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys that the model at `location` knows."""
    parts = iter([part for part in location if isinstance(part, str)])
    for part in parts:
        field = next(
            (each for name, each in model.model_fields.items() if part == (each.alias or name)), None
        )
        nested = _find_model(field.annotation) if field else None
        if field is None or nested is None:
            return []
        if _is_mapping(field.annotation):
            next(parts, None)  # The name of one of them.
        model = nested
    return [field.alias or name for name, field in model.model_fields.items()]


def _is_mapping(annotation: object) -> bool:
    """Whether a model stands behind names of the user's own."""
    if isinstance(origin := get_origin(annotation), type) and issubclass(origin, Mapping):
        return True
    return any(_is_mapping(part) for part in get_args(annotation))


def _find_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _find_model(part))), None)
