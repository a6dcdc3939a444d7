"""The declarations of a feature, written into the text of the files that hold them; comments and layout stay."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ruamel.yaml import YAML

from redeye.features.logic.feature_views import name_view
from redeye.foundation.errors import ConfigError
from redeye.review.logic.feature_tables import TYPES

NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class NewColumn:
    """A column to come in a feature table that is there.

    Attributes:
        table: the dbt model, `feat_<entity>__<theme>`.
        sql: the expression, as the model's last select has it.
        bounds: smallest and greatest value; None for text and booleans.
        because: why these bounds.
        expected: its values in the rows that the table's unit test expects, in their order.
    """

    table: str
    column: str
    type: str
    sql: str
    description: str
    bounds: tuple[float, float] | None
    because: str
    is_nullable: bool
    expected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no file could hold.

        Raises:
            ConfigError: naming what is wrong.
        """
        if not NAME.fullmatch(self.column):
            raise ConfigError(f"{self.column!r} is no column: small letters, digits and _")
        if self.type not in TYPES:
            raise ConfigError(f"{self.type!r} is no type of a feature: {', '.join(TYPES)}")
        if (self.bounds is None) == (self.type in {"bigint", "double"}):
            raise ConfigError("a number has --minimum and --maximum, anything else has not")

    @property
    def view(self) -> str:
        """The feature view over the table."""
        return name_view(self.table)


def add_to_model(text: str, new: NewColumn) -> str:
    """The model's SQL with the column before `event_at`."""
    place = list(re.finditer(r"^ *\{\{ cutoff\([^\n]*\) \}\} as event_at,", text, re.MULTILINE))
    if not place:
        raise ConfigError(f"{new.table}.sql has no `as event_at,` in its last select: add the column by hand")
    at = place[-1].start()
    return f"{text[:at]}    {new.sql} as {new.column},\n{text[at:]}"


def add_to_columns(text: str, new: NewColumn) -> str:
    """The table's YAML with the column: type, description, and what its audit accepts."""
    if re.search(rf"^      - \{{?name: {new.column}\b", text, re.MULTILINE):
        raise ConfigError(f"{new.table} has a column {new.column} already")
    place = re.search(r"^      - \{?name: event_at\b", text, re.MULTILINE)
    if place is None:
        raise ConfigError(f"{new.table}.yml has no column event_at to put {new.column} before")
    audit = ["may_be_null: true"] if new.is_nullable else []
    if new.bounds is not None:
        low, high = (f"{each:g}" for each in new.bounds)
        audit += [f"between: [{low}, {high}]", f"because: {_quote(new.because)}"]
    written = f"      - {{name: {new.column}, data_type: {new.type}, description: {_quote(new.description)}"
    if audit:
        written += f",\n         config: {{meta: {{{', '.join(audit)}}}}}"
    return f"{text[: place.start()]}{written}}}\n{text[place.start() :]}"


def add_to_unit_tests(text: str, new: NewColumn, sql: str) -> str:
    """The table's YAML with a unit test of the column: what the table's own test gives, and what must come of it.

    A table without a test gets one without rows: it fails until they are written. What it reads is named by the
    SQL of the model and of the macros it calls.

    Raises:
        ConfigError: if `new.expected` does not have a value for each row of the table's test.
    """
    found = re.search(rf"^  - name: (\w+)\n    model: {new.table}\n", text, re.MULTILINE)
    if found is None:
        if new.expected:
            raise ConfigError(
                f"{new.table} has no unit test to take rows from: leave --expect out and write them"
            )
        begin = "" if re.search(r"^unit_tests:$", text, re.MULTILINE) else "unit_tests:\n"
        return f"{text.rstrip()}\n\n{begin}{_empty_unit_test(new, sql)}"
    end = text.find("\n  - name: ", found.end())
    block = text[found.start() : len(text) if end < 0 else end]
    rows = [
        YAML(typ="safe").load(each)
        for each in re.findall(r"^ +- (\{.*\})$", block.partition("    expect:\n")[2], re.M)
    ]
    if new.expected and len(new.expected) != len(rows):
        nights = ", ".join(str(_find_key(row)) for row in rows)
        raise ConfigError(
            f"--expect has {len(new.expected)} values; {found[1]} has {len(rows)} rows: {nights}"
        )
    values = new.expected or ("null",) * len(rows)
    lines = [f"  - name: {new.column}_where_{found[1]}", f"    model: {new.table}"]
    for part in ("overrides", "given"):
        anchor = re.search(rf"^    {part}:(?: &(\w+))?$", block, re.MULTILINE)
        if anchor is not None:
            name = anchor[1] or f"{new.table}_{part}"
            block = block.replace(anchor[0], f"    {part}: &{name}", 1)
            lines.append(f"    {part}: *{name}")
    lines += ["    expect:", "      rows:"]
    for row, value in zip(rows, values, strict=True):
        key = "".join(f"{name}: {each}, " for name, each in _find_key(row).items())
        lines.append(f"        - {{{key}{new.column}: {value}}}")
    text = text[: found.start()] + block + (text[end:] if end >= 0 else "")
    return f"{text.rstrip()}\n\n" + "\n".join(lines) + "\n"


def _find_key(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name == "night" or name.endswith("_id")}


def _empty_unit_test(new: NewColumn, sql: str) -> str:
    reads = {*re.findall(r"ref\(['\"](\w+)['\"]\)", sql)}
    given = "".join(f"      - input: ref('{each}')\n        rows: []\n" for each in sorted(reads))
    return (
        f"  # Write the rows: what is given, and what {new.column} must be.\n"
        f"  - name: {new.column}_is_what_its_rows_make_it\n    model: {new.table}\n"
        "    overrides:\n      macros:\n        first_night: \"date '2013-04-07'\"\n"
        "        last_night: \"date '2013-04-07'\"\n"
        f"    given:\n{given}    expect:\n      rows:\n        - {{night: 2013-04-07, {new.column}: null}}\n"
    )


def add_to_spec(text: str, new: NewColumn) -> str:
    """A spec that reads the feature, in its next version."""
    feature = f"{new.view}:{new.column}"
    version = re.search(r"^version: (\d+)$", text, re.MULTILINE)
    features = re.search(r"^features:\n((?:  .*\n)+)", text, re.MULTILINE)
    if version is None or features is None:
        raise ConfigError("the spec has no `version:` or no list `features:`")
    text = f"{text[: features.end(1)]}  - {feature}\n{text[features.end(1) :]}"
    if new.type == "varchar":
        text = text.replace("categorical_features:\n", f"categorical_features:\n  - {feature}\n", 1)
    return text.replace(version[0], f"version: {int(version[1]) + 1}", 1)


def copy_table(text: str, name: str, new_name: str) -> str:
    """A file of a feature table again, for one of another name."""
    return re.sub(rf"\b{name}\b", new_name, text)


def copy_exposure(text: str, name: str, new_name: str) -> str:
    """`exposures.yml` with a line for the other name wherever the name stands."""
    line = f"      - ref('{name}')\n"
    return text.replace(line, f"{line}      - ref('{new_name}')\n")


def copy_entry(text: str, name: str, new_name: str) -> str:
    """The profile's audit with the other name among the tables that a release must have."""
    return re.sub(rf"\b{name}\b(?!_v)", f"{name}, {new_name}", text, count=1)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
