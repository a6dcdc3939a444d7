"""The reference of every key of the declarations, written from the schemas by which they are checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "pattern": "as `{}`",
}
_TYPES = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "object": "mapping",
}
_INTRODUCTION = """
# Every key of the declarations

Written by `./redeye docs` from the schemas by which the files are checked; what they mean together stands in
[the project's declaration](project.md), [datasets](datasets.md), [models](models.md) and [kinds](kinds.md). `<name>`
stands for a name that you choose, `[]` for each of a list. What several kinds share is listed where it comes first.
"""
_HEAD = "| key | if left out | what it may be | what it says |\n|---|---|---|---|"


def render_reference(project: Schema, spec: Schema) -> str:
    """A page of Markdown with a table for the keys of every level, in the order in which they are met.

    Args:
        project: the JSON schema of `redeye.yaml`.
        spec: that of a model's spec, of any built-in kind.
    """
    parts = [_INTRODUCTION]
    for heading, schema in (("`redeye.yaml`", project), ("A model's spec", spec)):
        seen = set[str]()
        roots = schema.get("anyOf") or [schema]
        for root in roots:
            found = _resolve(root, schema)
            title = f"{heading} of kind `{_name_kind(found, schema)}`" if len(roots) > 1 else heading
            parts.append(f"## {title}\n\n{_clean(found.get('description', ''))}")
            parts += _render_levels(found, schema, seen)
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def list_unexplained(schema: Schema) -> list[str]:
    """The keys of a schema that nothing is said of, as `Class.key`."""
    return [
        f"{name}.{key}"
        for name, found in {"": schema, **schema.get("$defs", {})}.items()
        for key, value in found.get("properties", {}).items()
        if not _explain(value, schema)
    ]


def _render_levels(root: Schema, schema: Schema, seen: set[str]) -> Iterator[str]:
    """The tables of a file: its own keys first, then those of each mapping within that was not seen before."""
    coming = [("", root)]
    while coming:
        path, found = coming.pop(0)
        required = found.get("required", [])
        rows = []
        for key, value in found.get("properties", {}).items():
            rows.append(_render_row(key, value, schema, is_required=key in required))
            for suffix, inner in _list_inner(value, schema):
                if inner["title"] not in seen:
                    seen.add(inner["title"])
                    coming.append((f"{path}.{key}{suffix}".lstrip("."), inner))
        if path:
            yield f"### `{path}`\n\n{_clean(found.get('description', ''))}"
        yield "\n".join([_HEAD, *rows])


def _render_row(key: str, value: Schema, schema: Schema, *, is_required: bool) -> str:
    default = value.get("default")
    left_out = "required" if is_required else _show_default(default)
    return f"| `{key}` | {left_out} | {_describe_type(value, schema)} | {_explain(value, schema)} |"


def _show_default(default: object) -> str:
    if default is None or default in ([], {}, ""):
        return "nothing"
    if isinstance(default, dict):
        return "its own defaults"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _describe_type(value: Schema, schema: Schema) -> str:
    if alternatives := [each for each in value.get("anyOf", []) if each.get("type") != "null"]:
        return " or ".join(dict.fromkeys(_describe_type(each, schema) for each in alternatives))
    if "$ref" in value:
        return _describe_type(_resolve(value, schema), schema)
    if "enum" in value:
        return " or ".join(f"`{each}`" for each in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    bounds = [text.format(value[name]) for name, text in _BOUNDS.items() if name in value]
    if value.get("type") == "array":
        form = f"list of {_describe_type(value.get('items', {}), schema)}"
    elif inner := [*value.get("patternProperties", {}).values()]:
        form = f"by name, {_describe_type(inner[0], schema)}"
    else:
        form = _TYPES.get(value.get("type", ""), "anything")
        form = "date" if value.get("format") == "date" else form
    return ", ".join([form, *bounds]).replace("|", "\\|")


def _explain(value: Schema, schema: Schema) -> str:
    """What is said of a key: its own description, else that of the mapping that it holds."""
    if own := value.get("description"):
        return _clean(own)
    return next(
        (_clean(inner["description"]).partition(". ")[0] for _, inner in _list_inner(value, schema)), ""
    )


def _list_inner(value: Schema, schema: Schema, suffix: str = "") -> Iterator[tuple[str, Schema]]:
    """The mappings with keys of their own that a value may be or hold, with what is added to the path."""
    if "$ref" in value:
        found = _resolve(value, schema)
        if "properties" in found:
            yield suffix, found
    for each in value.get("anyOf", []):
        yield from _list_inner(each, schema, suffix)
    if value.get("type") == "array":
        yield from _list_inner(value.get("items", {}), schema, f"{suffix}[]")
    for each in value.get("patternProperties", {}).values():
        yield from _list_inner(each, schema, f"{suffix}.<name>")


def _resolve(value: Schema, schema: Schema) -> Schema:
    found: Schema = schema["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
    return found


def _name_kind(spec: Schema, schema: Schema) -> str:
    return str(_resolve(spec["properties"]["target"], schema)["properties"]["kind"]["const"])


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text.partition("\n\nAttributes:")[0]).strip().replace("|", "\\|")
