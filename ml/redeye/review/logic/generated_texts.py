"""The texts that follow from a declaration: what stands between marks in a file, and whole files.

A section begins with a line `# begin: <name>` and ends with `# end: <name>`; everything else in a file is a person's.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from redeye.features.logic.feature_views import name_view
from redeye.foundation.errors import ConfigError
from redeye.review.logic.feature_tables import TYPES, Feature, FeatureTable

AUTHOR = "`redeye generate`"


def replace_section(text: str, name: str, lines: Iterable[str]) -> str:
    """A text with other lines in each of its sections of a name, indented as the marks are.

    Raises:
        ConfigError: if it has no such section.
    """
    marks = re.compile(rf"^(?P<indent> *)# begin: {name}\n(?:.*\n)*?(?P=indent)# end: {name}$", re.MULTILINE)
    if not marks.search(text):
        raise ConfigError(f"there is no section `# begin: {name}` … `# end: {name}` to write into")
    written = list(lines)

    def fill(found: re.Match[str]) -> str:
        indent = found["indent"]
        return "\n".join(f"{indent}{line}" for line in (f"# begin: {name}", *written, f"# end: {name}"))

    return marks.sub(fill, text)


def render_suite(text: str, features: Sequence[Feature]) -> str:
    """An audit's suite with types, columns that may be null and bounds as its table declares them."""
    nulls = ", ".join(each.name for each in features if each.may_be_null)
    bounds = [
        line
        for each in features
        if each.between is not None
        for line in (
            f"- expect_column_values_to_be_between: {{column: {each.name}, "
            f"min_value: {each.between[0]}, max_value: {each.between[1]}}}",
            f"  because: {json.dumps(each.because, ensure_ascii=False)}",
        )
    ]
    text = replace_section(text, "types", [f"{each.name}: {TYPES[each.type][0]}" for each in features])
    wrapped = textwrap.wrap(f"may_be_null: [{nulls}]", 118, subsequent_indent="  ") if nulls else []
    text = replace_section(text, "nulls", wrapped)
    return replace_section(text, "bounds", bounds)


def render_views(tables: Sequence[FeatureTable]) -> str:
    """`feature_repo/views.py`: the feature view over each table."""
    used = sorted({TYPES[feature.type][1] for table in tables for feature in table.features})
    names: dict[tuple[tuple[str, str], ...], str] = {}
    fields, views = [], []
    for table in tables:
        typed = tuple((each.name, TYPES[each.type][1]) for each in table.features)
        if typed not in names:
            name = table.theme.upper()
            names[typed] = name if name not in names.values() else name_view(table.name).upper()
            lines = "".join(f'    "{column}": {kind},\n' for column, kind in typed)
            fields.append(f"{names[typed]}: Fields = {{\n{lines}}}\n")
        arguments = (
            f'"{table.name}"',
            f"entities.{table.entity}",
            names[typed],
            json.dumps(table.description),
        )
        lines = "".join(f"    {each},\n" for each in arguments)
        views.append(f"{name_view(table.name)} = feature_view(\n{lines})\n")
    return (
        '"""The feature view over each feature table that dbt builds.\n\n'
        f'Written by {AUTHOR} from `dbt/models/features/*.yml`: change these.\n"""\n\n'
        "from __future__ import annotations\n\n"
        f"from feast.types import {', '.join(used)}\n\n"
        "import entities\n"
        "from redeye.features.feast_views import Fields, feature_view\n\n"
        f"{''.join(fields)}\n{''.join(views)}"
    )


def list_field_edits(text: str, wanted: str) -> list[str]:
    """The fields of views that one text of `feature_repo/views.py` declares otherwise than another.

    Raises:
        SyntaxError: if either is no Python.
    """
    there, declared = _read_fields(text), _read_fields(wanted)
    found = []
    for name in sorted(there.keys() | declared.keys()):
        kinds = there.get(name), declared.get(name)
        if kinds[0] != kinds[1]:
            is_, was = (kind or "not there" for kind in kinds)
            found.append(
                f"{name} is {is_} where its table has it {was}" if kinds[1] else f"{name} is in no table"
            )
    return found


def _read_fields(text: str) -> dict[str, str]:
    """Feast's type of each field, by `view:field`."""
    assigned: dict[str, ast.expr] = {}
    for node in ast.parse(text).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and (value := getattr(node, "value", None)):
            assigned[target.id] = value
    found: dict[str, str] = {}
    for view, call in assigned.items():
        used = (
            {each.id for each in ast.walk(call) if isinstance(each, ast.Name)}
            if isinstance(call, ast.Call)
            else ()
        )
        for name in used:
            fields = assigned.get(name)
            if isinstance(fields, ast.Dict):
                pairs = zip(fields.keys, fields.values, strict=True)
                found |= {f"{view}:{ast.literal_eval(key)}": ast.unparse(kind) for key, kind in pairs if key}
    return found


def render_macros(constants: Mapping[str, object]) -> str:
    """A file of dbt macros, one of the name of each constant, which gives its value.

    As macros, and not as variables, they are part of the code that dbt's models are made of: a model whose constant
    has changed is another one.
    """
    macros = "".join(
        f"\n{{% macro {name}() -%}} {{{{ return({_literal(value)}) }}}} {{%- endmacro %}}\n"
        for name, value in constants.items()
    )
    origin = "`clock`, `constants` and `successions` of redeye.yaml"
    return f"{{# Written by {AUTHOR} from {origin}: change these. #}}\n{macros}"


def render_night_macros(expressions: Mapping[str, str]) -> str:
    """Macros of a night, as the clock has them: by name, what each gives in SQL."""
    return "\n\n".join(
        f"{{# By the clock of redeye.yaml. #}}\n{{% macro {name}(night) -%}}\n    {sql}\n{{%- endmacro %}}\n"
        for name, sql in expressions.items()
    )


def render_anchors(
    templates: Sequence[Mapping[str, Any]], by_window: Iterable[Sequence[Mapping[str, Any]]]
) -> list[str]:
    """Each window's columns as entries of dbt's `anchors`: what they have of their own, and their template.

    A column's anchor is its name, a template's is its name without `_{window}`.
    """
    lines = []
    for columns in by_window:
        for template, column in zip(templates, columns, strict=True):
            own = {key: value for key, value in column.items() if value != template[key]}
            texts = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in own.items())
            base = template["name"].removesuffix("_{window}")
            lines.append(f"- &{column['name']} {{<<: *{base}, {texts}}}")
    return lines


def render_aliases(by_window: Iterable[Sequence[Mapping[str, Any]]]) -> list[str]:
    """Columns by the anchors of their names, a line of a list for each window."""
    return [", ".join(f"*{column['name']}" for column in columns) + "," for columns in by_window]


def _literal(value: object) -> str:
    """A value in Jinja: strings, numbers, mappings and lists of them."""
    return repr(list(value)) if isinstance(value, tuple | list) else repr(value)
