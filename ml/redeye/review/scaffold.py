"""New features and new versions of feature tables: every file that must name them, changed at once or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.logic import declaration_edits
from redeye.review.logic.declaration_edits import NewColumn

MODELS = Path("dbt") / "models" / "features"
MACROS = Path("dbt") / "macros"
SUITES = Path("expectations") / "releases"
VIEWS = Path("feature_repo") / "views.py"
EXPOSURES = Path("dbt") / "models" / "exposures.yml"

Edit = Callable[[str], str]


def add_feature(new: NewColumn, *, model: str = "", root: Path = PROJECT_ROOT) -> list[Path]:
    """Declare a column of a feature table wherever it must be; the files that changed.

    Args:
        new: the column.
        model: a spec that reads it, in its next version; none by default.
        root: of the checkout.

    Raises:
        ConfigError: if a file is not as expected; then none is changed.
    """
    suite = SUITES / f"{new.table}.yml"
    if not (root / suite).exists():
        raise ConfigError(
            f"{new.table} has no audit of its own in {SUITES}: the delay tables share their SQL; see "
            "docs/tutorials/adding-a-feature.md"
        )
    sql = _with_macros((root / MODELS / f"{new.table}.sql").read_text(encoding="utf-8"), root)
    edits: dict[Path, Edit] = {
        MODELS / f"{new.table}.sql": lambda text: declaration_edits.add_to_model(text, new),
        MODELS / "_models.yml": lambda text: declaration_edits.add_to_descriptions(text, new),
        MODELS / "_unit_tests.yml": lambda text: declaration_edits.add_to_unit_tests(text, new, sql),
        suite: lambda text: declaration_edits.add_to_suite(text, new),
        VIEWS: lambda text: declaration_edits.add_to_views(text, new),
    }
    if model:
        edits[Path("ml") / "specs" / f"{model}.yaml"] = lambda text: declaration_edits.add_to_spec(text, new)
    return _apply(root, edits, {})


def add_version(table: str, *, root: Path = PROJECT_ROOT) -> tuple[str, list[Path]]:
    """Put a copy of a feature table beside it, as its next version; its name and the files that changed.

    Raises:
        ConfigError: if there is no such table, it shares its audit with others, or the version is there.
    """
    new = declaration_edits.next_version(table)
    suite = SUITES / f"{table}.yml"
    if not (root / MODELS / f"{table}.sql").exists():
        raise ConfigError(f"there is no feature table {table}")
    if not (root / suite).exists():
        raise ConfigError(
            f"{table} shares its audit and its SQL with the other delay tables: write a table of another theme "
            "for the new form; see docs/tutorials/adding-a-feature.md"
        )
    if (root / MODELS / f"{new}.sql").exists():
        raise ConfigError(f"{new} is there already")
    view, new_view = (name.removeprefix("feat_").replace("__", "_", 1) for name in (table, new))
    copies = {
        MODELS / f"{new}.sql": (root / MODELS / f"{table}.sql").read_text(encoding="utf-8"),
        SUITES / f"{new}.yml": (root / suite).read_text(encoding="utf-8"),
    }
    edits: dict[Path, Edit] = {
        MODELS / "_models.yml": lambda text: declaration_edits.copy_description(text, table, new),
        MODELS / "_unit_tests.yml": lambda text: declaration_edits.copy_unit_tests(text, table, new),
        VIEWS: lambda text: declaration_edits.copy_view(text, view, new_view),
        EXPOSURES: lambda text: declaration_edits.copy_exposure(text, table, new),
        SUITES / "profile.yml": lambda text: declaration_edits.copy_table(text, table, new),
    }
    return new, _apply(root, edits, copies)


def _with_macros(sql: str, root: Path) -> str:
    """A model's SQL, followed by that of the macros it calls: together they name what it reads."""
    called = []
    for path in sorted((root / MACROS).glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        if any(f"{name}(" in sql for name in re.findall(r"{%-? *macro (\w+)\(", text)):
            called.append(text)
    return "\n".join([sql, *called])


def _apply(root: Path, edits: dict[Path, Edit], copies: dict[Path, str]) -> list[Path]:
    """All texts first, then all files."""
    texts = {path: edit((root / path).read_text(encoding="utf-8")) for path, edit in edits.items()}
    for path, text in {**texts, **copies}.items():
        (root / path).write_text(text, encoding="utf-8")
    return sorted([*texts, *copies])
