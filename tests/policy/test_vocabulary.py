"""One word for one thing: what `docs/vocabulary.md` rules out stands in no name and no text."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from redeye.foundation.settings import PROJECT_ROOT

BANNED = re.compile(
    r"\b(surely|foretells?|foretold|contenders?|upkeep|steadiness|unbar|unbarred|barred|at the door|what it came to)\b",
    re.IGNORECASE,
)
# Names that are recorded: tables, columns, a tag and values of before, and the pages that explain them.
ALLOWED = {
    "docs/vocabulary.md": "says what is not said",
    "docs/reference/renamed-values.md": "lists the values of before",
    "docs/reference/models.md": "the tag of registered versions",
    "docs/guides/operations.md": "the tag of registered versions",
    "ml/redeye/foundation/renamed_values.py": "maps the values of before",
    "ml/redeye/foundation/recorded_names.py": "maps the names of before",
    "ml/redeye/champions/promotion_store.py": "the database's own message",
    "ml/redeye/promotion/reconcile.py": "the tag of registered versions",
    "ml/redeye/cli/operate/champions.py": "the command of before, hidden",
}
PARTICIPLES = frozenset(
    re.split(
        r"\s+",
        """drawn judged told said kept held shown seen delivered opened tried barred scored measured wanted unmet
        listed picked trained predicted requested recorded compared calibrated encoded typed framed copied changed
        moved built parsed described compiled modified redacted attached merged undressed pooled declared replayed
        sampled widened resampled divided averaged weighted rescored retrained affected assumed landed known named
        checked redefined edited remembered watched tested enthroned""",
    )
)


def files(*patterns: str) -> list[str]:
    listed = ["git", "ls-files", "--", *patterns]
    found = subprocess.run(listed, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in found.splitlines() if (PROJECT_ROOT / name).is_file()]


def functions(path: Path) -> Iterator[str]:
    """Functions of a module and methods of its classes; not properties, nor what is inside of functions."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for each in node.body if isinstance(node, ast.ClassDef) else [node]:
            if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not any("property" in ast.unparse(one) for one in each.decorator_list):
                yield each.name


def is_allowed(name: str) -> bool:
    words = name.strip("_").split("_")
    if len(words) == 1:
        return words[0] not in PARTICIPLES
    return words[-1] != "of" and words[0] not in PARTICIPLES


@pytest.mark.parametrize("name", ["drawn", "_judged", "files_of", "told_plainly", "_shown", "scored_rows"])
def test_the_rule_refuses_what_the_vocabulary_rules_out(name: str):
    assert not is_allowed(name)


@pytest.mark.parametrize(
    "name", ["draw", "cutoff", "find_blocked_versions", "of", "from_dict", "_plan_weighted"]
)
def test_the_rule_accepts_verbs_accessors_and_constructors(name: str):
    assert is_allowed(name)


def test_no_function_is_a_participle_or_leaves_out_its_object():
    found = {
        f"{name}: {function}"
        for name in files("ml/*.py", "plugins/*.py", "dags/*.py", "feature_repo/*.py")
        for function in functions(PROJECT_ROOT / name)
        if not is_allowed(function)
    }
    assert found == set()


def test_no_ruled_out_word_stands_in_code_or_docs():
    found = {
        f"{name}: {match[0]}"
        for name in files(
            "ml/*.py", "ml/*.yaml", "plugins", "dags", "dbt", "docs/*.md", "README.md", "Makefile"
        )
        if name not in ALLOWED and not name.startswith("docs/results/")
        for match in BANNED.finditer((PROJECT_ROOT / name).read_text(encoding="utf-8"))
    }
    assert found == set()


def test_every_exception_is_needed():
    assert {
        name for name in ALLOWED if not BANNED.search((PROJECT_ROOT / name).read_text(encoding="utf-8"))
    } == set()
