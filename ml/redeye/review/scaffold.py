"""New features and new versions of feature tables: every file that must name them, changed at once or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from redeye.champions.feature_edits import TABLES as MODELS
from redeye.champions.feature_edits import has_own_files
from redeye.features.logic.feature_views import next_version
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.generate import SUITES, generate
from redeye.review.logic import declaration_edits
from redeye.review.logic.declaration_edits import NewColumn

MACROS = Path("dbt") / "macros"
EXPOSURES = Path("dbt") / "models" / "exposures.yml"

Edit = Callable[[str], str]


def add_feature(new: NewColumn, *, model: str = "", root: Path = PROJECT_ROOT) -> list[Path]:
    """Declare a column of a feature table, and write what follows from it; the files that changed.

    A spec that is to read it, the model's, is raised to its next version.

    Raises:
        ConfigError: if a file is not as expected; then none is changed.
    """
    table = _own_files(new.table, root, "add the column by hand")
    sql = _with_macros((root / table.with_suffix(".sql")).read_text(encoding="utf-8"), root)
    edits: dict[Path, Edit] = {
        table.with_suffix(".sql"): lambda text: declaration_edits.add_to_model(text, new),
        table: lambda text: declaration_edits.add_to_unit_tests(
            declaration_edits.add_to_columns(text, new), new, sql
        ),
    }
    if model:
        edits[Path("ml") / "specs" / f"{model}.yaml"] = lambda text: declaration_edits.add_to_spec(text, new)
    return _apply(root, edits, {})


def add_version(table: str, *, root: Path = PROJECT_ROOT) -> tuple[str, list[Path]]:
    """Put a copy of a feature table beside it, as its next version; its name and the files that changed.

    Raises:
        ConfigError: if there is no such table, it shares its audit with others, or the version is there.
    """
    new = next_version(table)
    declared = _own_files(table, root, "write a table of another theme for the new form")
    if (root / MODELS / f"{new}.sql").exists():
        raise ConfigError(f"{new} is there already")
    copies = {
        path.with_name(f"{new}{path.suffix}"): declaration_edits.copy_table(
            (root / path).read_text(encoding="utf-8"), table, new
        )
        for path in (declared, declared.with_suffix(".sql"), SUITES / f"{table}.yml")
    }
    edits: dict[Path, Edit] = {
        EXPOSURES: lambda text: declaration_edits.copy_exposure(text, table, new),
        SUITES / "profile.yml": lambda text: declaration_edits.copy_entry(text, table, new),
    }
    return new, _apply(root, edits, copies)


def _own_files(table: str, root: Path, instead: str) -> Path:
    """The YAML that declares one table alone.

    Raises:
        ConfigError: if there is no such table, or it shares its YAML with others.
    """
    path = MODELS / f"{table}.yml"
    if not (root / path.with_suffix(".sql")).exists():
        raise ConfigError(f"there is no feature table {table}")
    if not has_own_files(table, root):
        raise ConfigError(
            f"{table} shares its SQL, its YAML and its audit with other tables: {instead}; see "
            "docs/tutorials/adding-a-feature.md"
        )
    return path


def _with_macros(sql: str, root: Path) -> str:
    """A model's SQL, followed by that of the macros it calls: together they name what it reads."""
    called = []
    for path in sorted((root / MACROS).glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        if any(f"{name}(" in sql for name in re.findall(r"{%-? *macro (\w+)\(", text)):
            called.append(text)
    return "\n".join([sql, *called])


def _apply(root: Path, edits: dict[Path, Edit], copies: dict[Path, str]) -> list[Path]:
    """All texts first, then all files, then what is generated from them; where that cannot be, all is as it was."""
    before = {path: (root / path).read_text(encoding="utf-8") for path in edits}
    texts = {path: edit(before[path]) for path, edit in edits.items()}
    for path, text in {**texts, **copies}.items():
        (root / path).write_text(text, encoding="utf-8")
    try:
        generated = generate(root)
    except ConfigError:
        for path, text in before.items():
            (root / path).write_text(text, encoding="utf-8")
        for path in copies:
            (root / path).unlink()
        raise
    return sorted({*texts, *copies, *generated})
