"""What a dbt project says of its models, columns and sources, as types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redeye.warehouse.logic.releases import CodeNode

PUBLISHED = frozenset({"marts", "features"})
FEATURES = "features"
NIGHT = "night"
KEY_TESTS = frozenset({"unique_in_window", "unique_key", "feature_rows"})


@dataclass(frozen=True)
class Column:
    """A column as its YAML describes it: of a source's, what is known when, and why it may not come near a feature."""

    description: str
    data_type: str = ""
    known: str = ""
    banned: str = ""


@dataclass(frozen=True)
class Source:
    """A table of the raw layer."""

    name: str
    columns: Mapping[str, Column]
    known_by: str = ""
    is_timeless: bool = False


@dataclass(frozen=True)
class Model:
    """A dbt model; its name is that of its relation, `schema.table`, its title has no version.

    Attributes:
        raw: its code as written.
        sql: as it runs; "" if it was not compiled.
        tests: names of the generic tests on it.
        known_by: column with the night by whose cutoff all of a row was known.
        trusted: aliases in its SQL -> why they hold although that cannot be seen.
        key: columns of its key, by its key test.
    """

    name: str
    title: str
    layer: str
    folder: str
    description: str
    columns: Mapping[str, Column]
    tests: frozenset[str]
    is_contracted: bool
    raw: str
    sql: str
    known_by: str = ""
    is_timeless: bool = False
    trusted: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """All models and sources, by relation (`schema.table`); the models once more as what reads what."""

    models: Mapping[str, Model]
    sources: Mapping[str, Source]
    nodes: tuple[CodeNode, ...] = ()
