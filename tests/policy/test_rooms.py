"""The rooms keep what they promise: logic is pure, folders and files are small, and the engine uses all that it has."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import grimp
import pytest

from redeye.foundation.settings import PROJECT_ROOT

LINES, FILES = 350, 20
ROOTS = [PROJECT_ROOT / "ml", PROJECT_ROOT / "plugins"]
# What `logic/` may import: values and mathematics, parsers of text, and of the rest of Python what asks nothing of
# the machine. `pathlib` is there for paths as values: whoever reads one is found below.
LIBRARIES = {
    *("numpy", "pandas", "pyarrow", "pydantic", "ruamel", "scipy", "sklearn", "sqlglot", "statsmodels"),
    *(
        "__future__",
        "abc",
        "ast",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "functools",
        "hashlib",
        "hmac",
        "itertools",
        "json",
    ),
    *("logging", "math", "pathlib", "re", "statistics", "textwrap", "time", "typing"),
}
# And of the engine, beside the logic of its own and lower rooms: declarations, errors, the kinds, and the algorithms,
# which are a library of their own and import torch, XGBoost and ONNX only when a model of that kind is asked for.
ENGINE = r"redeye(\.\w+)+\.logic\.\w+|redeye\.declarations\.\w+|redeye\.models\.(algorithms|kinds)\.\w+"
ENGINE += r"|redeye\.foundation\.(errors|renamed_values)"
READS_OR_WRITES = {
    *(
        "open",
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "exists",
        "is_file",
        "is_dir",
        "iterdir",
    ),
    *(
        "glob",
        "rglob",
        "mkdir",
        "unlink",
        "read_csv",
        "read_parquet",
        "to_csv",
        "to_parquet",
        "print",
        "input",
    ),
}
# Found in their place, not by their name: by Alembic, by Airflow, by `python -m redeye`, as kinds; and the files that
# are copied into each audit archive and beside each version.
FOUND_IN_PLACE = (
    *("redeye.foundation.schema.", "redeye_plugin", "redeye.__main__"),
    "redeye.models.kinds.",
    *("redeye.scoring.audit_check", "redeye.models.pyfunc_model"),
)
NAMED_IN = ["dags", "dbt/profiles.yml", "docker", "feature_repo", "Makefile", "pyproject.toml", "redeye.yaml"]


@lru_cache
def modules() -> dict[str, Path]:
    """Each module of the engine, the project and the plugins, by its dotted name."""
    found = {}
    for root in ROOTS:
        for path in root.rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


def logic() -> list[str]:
    return sorted(name for name, path in modules().items() if path.parent.name == "logic")


def test_logic_imports_only_what_is_pure() -> None:
    graph = grimp.build_graph(
        "redeye",
        "flights",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    impure = [
        f"{name} imports {other}"
        for name in logic()
        for other in sorted(graph.find_modules_directly_imported_by(name))
        if other not in LIBRARIES and not re.fullmatch(ENGINE, other)
    ]
    assert impure == []


@pytest.mark.parametrize("name", logic())
def test_logic_reads_and_writes_nothing(name: str) -> None:
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    assert not called & READS_OR_WRITES


def test_every_folder_can_be_taken_in_at_a_glance() -> None:
    folders = {path.parent for root in ROOTS for path in root.rglob("*") if "__pycache__" not in path.parts}
    sizes = {folder: sum(each.is_file() for each in folder.iterdir()) for folder in folders}
    assert {str(folder): size for folder, size in sizes.items() if size > FILES} == {}


def test_no_file_is_long() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: lines for name, lines in lengths.items() if lines > LINES} == {}


def names_in(text: str) -> set[str]:
    """The modules that a text names: in an import, after `python -m`, or as `module:function`."""
    named = set(re.findall(r"\b(?:redeye_airflow|redeye|flights)(?:\.\w+)*", text))
    for package, members in re.findall(r"from ([\w.]+) import (\([^)]*\)|[^\n]*)", text):
        named |= {f"{package}.{member}" for member in re.findall(r"\w+", members)}
    # A module's attribute names the module.
    return {name if name in modules() else name.rpartition(".")[0] for name in named} & modules().keys()


def test_nothing_is_there_for_tests_alone() -> None:
    texts = [PROJECT_ROOT / place for place in NAMED_IN]
    texts = [
        each for path in texts for each in ([path] if path.is_file() else path.rglob("*")) if each.is_file()
    ]
    waiting = {name for path in texts for name in names_in(path.read_text(encoding="utf-8", errors="ignore"))}
    waiting |= {name for name in modules() if name.startswith(FOUND_IN_PLACE)}
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        used.add(name)
        waiting |= names_in(modules()[name].read_text(encoding="utf-8")) - used
    packages = {name for name, path in modules().items() if path.name == "__init__.py"}
    assert sorted(modules().keys() - used - packages) == []
