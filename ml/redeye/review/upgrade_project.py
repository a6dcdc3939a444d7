"""A project's files as this engine writes them, after an engine of before wrote or read them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

from pydantic import BaseModel

from redeye.declarations.project import load_project
from redeye.declarations.specs import load_spec
from redeye.foundation.atomic_files import write_text
from redeye.foundation.settings import PROJECT_ROOT, SPECS
from redeye.review.generate import find_stale_texts
from redeye.review.logic.declaration_renames import rename_keys


def find_upgrades(root: Path = PROJECT_ROOT, specs: Path = SPECS) -> dict[Path, str]:
    """What each file should hold that is not as this engine writes it, by its path.

    Keys have their names of now, which changes no spec's hash; what is generated, and the engine's own macros and
    tests in the dbt project, are this engine's.

    Raises:
        ConfigError: naming file, line and key of what this engine cannot read, and what to do.
    """
    read: dict[Path, BaseModel] = {root / "redeye.yaml": load_project(root / "redeye.yaml")}
    read |= {path: load_spec(path) for path in sorted(specs.glob("*.yaml"))}
    found = {}
    for path, declared in read.items():
        text = path.read_text(encoding="utf-8")
        if (renamed := rename_keys(text, declared)) != text:
            found[path] = renamed
    return found | {root / path: text for path, text in find_stale_texts(root).items()}


def describe_change(path: Path, text: str) -> str:
    """What of a file would change, as a unified diff."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    name = str(path)
    return "".join(unified_diff(before.splitlines(True), text.splitlines(True), name, name, n=1))


def write_upgrades(found: Mapping[Path, str]) -> None:
    """Write what `find_upgrades` found."""
    for path, text in found.items():
        write_text(path, text)
