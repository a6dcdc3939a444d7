"""A declared dataset's columns, types and key, from its contract, where they are said once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from redeye.audits.contract_files import ARRIVALS, CONTRACT, EXPECTATIONS_ROOT, list_paths, load_contract
from redeye.audits.logic.contract import NIGHT, Contract
from redeye.declarations.datasets import IS_DELETED, DeclaredDataset
from redeye.declarations.project import PROJECT_FILE
from redeye.declarations.yaml_files import locate, suggest
from redeye.foundation.errors import ConfigError
from redeye.sources.logic.deliveries import KNOWN_AT, Dataset

TYPES: Mapping[str, str] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
"""The type of DuckDB for each logical type of a contract."""


def describe_dataset(
    name: str, declared: DeclaredDataset, *, project_file: Path = PROJECT_FILE, root: Path = EXPECTATIONS_ROOT
) -> Dataset:
    """The dataset that a declaration and its contract make.

    Raises:
        ConfigError: naming file, line and key of what does not fit together, and what to do.
    """
    path = root / ARRIVALS / f"{name}{CONTRACT}"
    if not path.is_file():
        known = [each.name.removesuffix(CONTRACT) for each in list_paths(root)]
        raise ConfigError(
            f"{locate(project_file, ('datasets', name))}: datasets.{name}: has no contract {path}; write one "
            f"(docs/reference/contracts.md){suggest(name, known)}"
        )
    contract = load_contract(path)
    types = _read_types(path, contract, declared)
    for key, column in declared.list_columns().items():
        place = ("datasets", name, *key.split("."))
        said = f"{locate(project_file, place)}: {'.'.join(place)}: {column!r}"
        if column not in types:
            raise ConfigError(f"{said} is no column of {path.name}{suggest(column, list(types))}")
        allowed = {"known_at.of": ("TIMESTAMP", "DATE"), "changes.deletes.column": ("BOOLEAN",)}
        if types[column] not in allowed.get(key, ("TIMESTAMP",)):
            is_date = key == "known_at.column" and types[column] == "DATE"
            hint = f"; of a date say {{after: day, of: {column}}}" if is_date else ""
            wanted = " or ".join(allowed.get(key, ("TIMESTAMP",))).lower()
            raise ConfigError(f"{said} is no {wanted} by {path.name}{hint}")
    key_columns = tuple(each for each in contract.rows.key if each != NIGHT)
    return Dataset(name, tuple(types), types, key_columns, most_rows=declared.most_rows)


def _read_types(path: Path, contract: Contract, declared: DeclaredDataset) -> dict[str, str]:
    properties = contract.rows.properties
    delivered = [each for each in properties if not each.transform_description]
    names = [each.name for each in delivered]

    def refuse(said: str, column: str | None = None) -> ConfigError:
        at = [place for place, each in enumerate(properties) if each.name == column]
        return ConfigError(f"{locate(path, ('schema', 0, 'properties', *at))}: schema.0.properties: {said}")

    if names[-2:] != [KNOWN_AT, NIGHT]:
        raise refuse(f"the last columns delivered must be {KNOWN_AT}, a timestamp, and {NIGHT}")
    if not set(contract.rows.key) - {NIGHT, KNOWN_AT}:
        raise refuse(
            "no column is a primaryKey: say which columns make a row the same row when it comes again"
        )
    if NIGHT not in contract.rows.key:
        raise refuse(f"{NIGHT} must be a primaryKey too: a row may come again in another night", NIGHT)
    finds = declared.changes.finds_deletions
    if finds and IS_DELETED not in names:
        raise refuse(f"{IS_DELETED} is missing: add it, a required boolean that says what was deleted")
    types = {each.name: TYPES[each.logical_type] for each in delivered[:-1]}
    for column, wanted in ((KNOWN_AT, "TIMESTAMP"), *([(IS_DELETED, "BOOLEAN")] if finds else [])):
        if types[column] != wanted:
            raise refuse(f"{column} must be a {wanted.lower()}", column)
    return types
