"""Feature tables as their YAML in `dbt/models/features/` declares them: each column once, for all that must know it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What every feature table has besides its key and its features.
ROW_COLUMNS = frozenset({"night", "event_at", "created_at"})
# dbt's type -> the suite's and Feast's.
TYPES = {
    "bigint": ("int", "Int64"),
    "double": ("float", "Float64"),
    "boolean": ("bool", "Bool"),
    "varchar": ("text", "String"),
}


@dataclass(frozen=True)
class Feature:
    """A feature's column.

    Attributes:
        type: dbt's.
        may_be_null: whether a row may miss it.
        between: smallest and greatest value that its audit accepts; None if no expectation of one column does.
        because: why these bounds.
    """

    name: str
    type: str
    may_be_null: bool = False
    between: tuple[float, float] | None = None
    because: str = ""


@dataclass(frozen=True)
class FeatureTable:
    """A feature table: `feat_<entity>__<theme>`, one row per night and key.

    Attributes:
        description: what it says, without its grain.
        key: the column of the entity's key.
    """

    name: str
    description: str
    key: str
    features: tuple[Feature, ...]

    @property
    def entity(self) -> str:
        """What the features are about."""
        return self.name.removeprefix("feat_").partition("__")[0]

    @property
    def theme(self) -> str:
        """What of it they tell."""
        return self.name.partition("__")[2]


def read_tables(document: Mapping[str, Any]) -> list[FeatureTable]:
    """The feature tables that a YAML file of dbt declares, in its order.

    Raises:
        KeyError: if a model has no test `feature_rows`, or a column has no type.
    """
    return [_table(model) for model in document.get("models") or ()]


def _table(model: Mapping[str, Any]) -> FeatureTable:
    tests = ChainMap(*(dict(test) for test in model["data_tests"] if isinstance(test, Mapping)))
    key = str(tests["feature_rows"]["arguments"]["key"])
    columns = [column for column in model["columns"] if column["name"] not in {*ROW_COLUMNS, key}]
    description = " ".join(str(model["description"]).partition("Grain:")[0].split())
    return FeatureTable(str(model["name"]), description, key, tuple(map(_feature, columns)))


def _feature(column: Mapping[str, Any]) -> Feature:
    meta = (column.get("config") or {}).get("meta") or {}
    bounds = meta.get("between")
    return Feature(
        str(column["name"]),
        str(column["data_type"]),
        bool(meta.get("may_be_null", False)),
        tuple(bounds) if bounds else None,
        str(meta.get("because", "")),
    )


def fill_windows(template: Mapping[str, Any], windows: Mapping[str, str]) -> list[dict[str, Any]]:
    """A column for each window, from a template of one as dbt's YAML has it.

    `windows` says what to write for `{nights}` in its texts, by what to write for `{window}`.
    """
    return [_fill(template, {"window": name, "nights": nights}) for name, nights in windows.items()]


def name_windows(nights: tuple[int, ...]) -> dict[str, str]:
    """How each window of nights of knowledge is named in columns and said in words, and all nights as the last one."""
    reported = {f"{each}n": "the night" if each == 1 else f"the last {each} nights" for each in nights}
    return {**reported, "all": "all nights so far"}


def _fill(value: Any, words: Mapping[str, str]) -> Any:  # noqa: ANN401 - a tree of YAML
    if isinstance(value, Mapping):
        return {str(key): _fill(each, words) for key, each in value.items()}
    if isinstance(value, str):
        return value.format_map(words)
    return value
