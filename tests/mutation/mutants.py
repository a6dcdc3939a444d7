"""Single mutants of the pure modules, and whether the unit and policy tests notice them.

Cosmic Ray makes the mutants. Its own runner mutates the checkout in place and knows no sampling, so each mutant is
tried here in a copy of the tree, two at a time: first by the tests of the module and of those that import it, and
only if these pass by all unit and policy tests.
"""

from __future__ import annotations

import ast
import difflib
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from redeye.foundation.settings import PROJECT_ROOT

ENGINE = PROJECT_ROOT / "ml" / "redeye"
# They want the name of a variable.
LEFT_OUT = {"core/VariableInserter", "core/VariableReplacer"}
SECONDS = 900
"""After which a mutant counts as killed: it does not end."""


@dataclass(frozen=True)
class Mutant:
    """One change of one module.

    Attributes:
        module: path below `ml/redeye`.
        change: the lines taken out and put in, without what surrounds them.
    """

    module: str
    change: str
    code: str


def find_modules() -> list[Path]:
    """Every module of every room's `logic/`."""
    return sorted(path for path in ENGINE.rglob("logic/*.py") if path.name != "__init__.py")


def sample_mutants(modules: Iterable[Path], count: int, seed: int) -> list[Mutant]:
    """Mutants drawn without replacement: first a place in the code, then what is done to it.

    A place with many operators is so no likelier than one with few. What changes nothing when it runs (annotations,
    whether a dataclass is frozen) is not drawn.
    """
    draw = random.Random(seed)
    places: list[tuple[Path, list[tuple[str, int]]]] = []
    for path in modules:
        places += [(path, choices) for choices in _places(path.read_text(encoding="utf-8"))]
    draw.shuffle(places)
    found: list[Mutant] = []
    for path, choices in places:
        if len(found) == count:
            break
        name, occurrence = draw.choice(choices)
        before = path.read_text(encoding="utf-8")
        after = mutate_code(before, get_operator(name)(), occurrence)
        if after is not None and _differs(before, after):
            found.append(Mutant(path.relative_to(ENGINE).as_posix(), _change(before, after), after))
    return found


def try_mutants(mutants: Sequence[Mutant], folder: Path) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant with whether a test failed, in their order; two at a time, in copies of the tree below `folder`.

    Raises:
        RuntimeError: if a test fails without any mutant, too.
    """
    trees: Queue[Path] = Queue()
    for number in range(2):
        trees.put(_copy_tree(folder / str(number)))
    if _fails(folder / "0", ["tests/unit", "tests/policy"]):
        raise RuntimeError("the tests fail without a mutant: nothing that they notice would say anything")

    def try_one(mutant: Mutant) -> tuple[Mutant, bool]:
        tree = trees.get()
        path = tree / "ml" / "redeye" / mutant.module
        before = path.read_text(encoding="utf-8")
        try:
            path.write_text(mutant.code, encoding="utf-8")
            near = find_tests(mutant.module)
            return mutant, (bool(near) and _fails(tree, near)) or _fails(tree, ["tests/unit", "tests/policy"])
        finally:
            path.write_text(before, encoding="utf-8")
            trees.put(tree)

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(try_one, mutants)


def find_tests(module: str) -> list[str]:
    """Unit tests of a module's name, and those that name it or a module that imports it."""
    own = PROJECT_ROOT / "tests" / "unit" / Path(module).with_name(f"test_{Path(module).name}")
    named = _naming(module)
    importers = [path.relative_to(ENGINE).as_posix() for path in ENGINE.rglob("*.py") if _names(path, named)]
    meant = [named, *(_naming(each) for each in importers if not each.endswith("__init__.py"))]
    near = [path for path in (PROJECT_ROOT / "tests" / "unit").rglob("test_*.py") if _names(path, *meant)]
    first = [own] if own.exists() else []
    return [str(path.relative_to(PROJECT_ROOT)) for path in dict.fromkeys([*first, *sorted(near)])]


def _places(code: str) -> list[list[tuple[str, int]]]:
    """For each node that can be mutated: operators, with the number of the occurrence that is this node's."""
    operators = {name: get_operator(name)() for name in operator_names() if name not in LEFT_OUT}
    seen = dict.fromkeys(operators, 0)
    found = []
    for node in ast_nodes(get_ast(code)):
        choices = []
        for name, operator in operators.items():
            for _ in operator.mutation_positions(node):
                choices.append((name, seen[name]))
                seen[name] += 1
        if choices:
            found.append(choices)
    return found


class _Bare(ast.NodeTransformer):
    """Takes out what changes nothing when it runs."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(value=None)
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST | None:
        return None if node.arg in {"frozen", "slots"} else self.generic_visit(node)


def _differs(before: str, after: str) -> bool:
    try:
        changed = ast.parse(after)
    except SyntaxError:
        return False
    return ast.dump(_Bare().visit(ast.parse(before))) != ast.dump(_Bare().visit(changed))


def _change(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(re.sub(r"\s+", " ", line) for line in lines if re.match(r"[+-](?![+-])", line))


def _copy_tree(to: Path) -> Path:
    """The engine and the tests as copies; everything else as links."""
    to.mkdir(parents=True)
    for path in PROJECT_ROOT.iterdir():
        if path.name in {"ml", "tests"}:
            shutil.copytree(path, to / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.name != ".redeye":
            (to / path.name).symlink_to(path)
    return to


def _fails(tree: Path, tests: Sequence[str]) -> bool:
    """Whether a test fails, or the code cannot be imported, or crashes the interpreter.

    Raises:
        RuntimeError: if pytest itself could not run the tests: that says nothing of the code.
    """
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree / "ml"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode > pytest.ExitCode.INTERRUPTED:
        raise RuntimeError(
            f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return done.returncode != 0


def _naming(module: str) -> str:
    return "redeye." + module.removesuffix(".py").replace("/", ".")


def _names(path: Path, *modules: str) -> bool:
    """Whether a file imports one of the modules."""
    text = path.read_text(encoding="utf-8")
    for module in modules:
        package, _, name = module.rpartition(".")
        if re.search(rf"{re.escape(module)}\b|from {re.escape(package)} import [^\n]*\b{name}\b", text):
            return True
    return False
