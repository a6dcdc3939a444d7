"""What dbt's YAML files say of the inputs of models, for people to read beside a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from redeye.declarations.specs import Spec
from redeye.declarations.yaml_files import read_mapping
from redeye.features.logic.feature_views import PREFIX, name_view
from redeye.warehouse.dbt import PROJECT

_GRAIN = "Grain:"


@dataclass(frozen=True)
class InputTable:
    """A feature view, or a schedule.

    Attributes:
        description: what it is, without its grain.
        columns: by name what each is and in which unit, without the remark on when it is null.
    """

    description: str
    columns: Mapping[str, str]


def read_descriptions(spec: Spec, project: Path = PROJECT) -> dict[str, InputTable]:
    """By feature view, and by "" for the model's schedule, what is said of it; read again when a file has changed.

    Raises:
        ConfigError: if a file is no YAML.
    """
    tables = _read_tables(
        tuple((path, path.stat().st_mtime_ns) for path in sorted(project.glob("models/**/*.yml")))
    )
    found = {name_view(name): table for name, table in tables.items() if name.startswith(PREFIX)}
    schedule = tables.get(spec.schedule.rpartition(".")[2])
    return {**found, "": schedule} if schedule else found


@lru_cache(maxsize=1)
def _read_tables(stamp: tuple[tuple[Path, int], ...]) -> dict[str, InputTable]:
    found = {}
    for path, _ in stamp:
        for model in read_mapping(path, begins_with="models:").get("models") or ():
            columns = {
                each["name"]: _shorten(each.get("description", "")) for each in model.get("columns") or ()
            }
            described = " ".join(str(model.get("description", "")).partition(_GRAIN)[0].split())
            found[model["name"]] = InputTable(described.removesuffix("."), columns)
    return found


def _shorten(description: str) -> str:
    """A column's description up to a semicolon: what stands behind it is for who writes SQL."""
    return " ".join(description.partition(";")[0].split()).removesuffix(".")
