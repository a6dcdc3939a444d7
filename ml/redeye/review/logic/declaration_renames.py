"""Keys of a declaration that are called otherwise by now, renamed in its text; comments and layout stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import AliasChoices, BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap


def rename_keys(text: str, declared: BaseModel) -> str:
    """The text of a declaration with each key as it is called now.

    What a key was called before stands in its field's `AliasChoices`, behind the name of now.

    Args:
        text: YAML that was read as `declared`.
        declared: what it says; its models know their keys' names.
    """
    lines = text.splitlines(keepends=True)
    # From the end, so that the places before stay where they were.
    for line, column, old, new in sorted(_find_renames(YAML().load(text), declared), reverse=True):
        row = lines[line]
        if row.startswith(old, column):  # a quoted key is left alone: it is still understood
            lines[line] = row[:column] + new + row[column + len(old) :]
    return "".join(lines)


def _find_renames(node: Any, declared: object) -> Iterator[tuple[int, int, str, str]]:  # noqa: ANN401  ruamel's nodes
    """Line, column, old and new name of each key, both counted from 0."""
    if isinstance(declared, BaseModel) and isinstance(node, CommentedMap):
        for name, field in type(declared).model_fields.items():
            alias = field.validation_alias
            known = [str(each) for each in alias.choices] if isinstance(alias, AliasChoices) else []
            yield from ((*node.lc.key(old), old, known[0]) for old in known[1:] if old in node)
            said = next((each for each in (*known, field.alias, name) if each in node), None)
            if said is not None:
                yield from _find_renames(node[said], getattr(declared, name))
    elif isinstance(declared, Mapping) and isinstance(node, Mapping):
        for key in declared.keys() & node.keys():
            yield from _find_renames(node[key], declared[key])
    elif isinstance(declared, Sequence) and isinstance(node, Sequence) and not isinstance(node, str):
        for part, said in zip(declared, node, strict=False):
            yield from _find_renames(said, part)
