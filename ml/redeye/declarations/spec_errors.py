"""Says where in a spec file a fault lies and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def explain(path: Path, document: object, error: ValidationError, root: type[BaseModel]) -> str:
    """One line per fault: `file:line: key: what is wrong; what to do`.

    Args:
        path: of the file.
        document: as ruamel.yaml loaded it, with the lines it remembers.
        error: what pydantic found.
        root: the model that was validated.
    """
    lines = []
    for fault in error.errors(include_url=False):
        location = tuple(part for part in fault["loc"] if isinstance(part, int | str))
        key = ".".join(str(part) for part in location) or "spec"
        lines.append(f"{path}:{find_line(document, location)}: {key}: {_advise(fault, location, root)}")
    return "\n".join(lines)


def find_line(document: object, location: Sequence[int | str]) -> int:
    """Line, from 1, of the deepest part of `location` that the document has."""
    line: int = 1
    node: Any = document
    for part in location:
        try:
            marks = node.lc.key(part) if isinstance(part, str) else node.lc.item(part)
            node = node[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
        line = marks[0] + 1
    return line


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
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        nested = _find_model(field.annotation) if field else None
        if nested is None:
            return []
        model = nested
    return list(model.model_fields)


def _find_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _find_model(part))), None)
