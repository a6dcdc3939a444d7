"""The engine names no kind of target: what differs between kinds lies behind their interface."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from redeye.declarations.spec_kinds import BUILT_IN, list_built_in
from redeye.foundation.settings import PROJECT_ROOT

KINDS = PROJECT_ROOT / "ml" / "redeye" / "models" / "kinds"
INTERFACE = f"{BUILT_IN}.interface"
# What is of one kind still. The list only shrinks: a file that names none any more goes from it.
OF_ONE_KIND = {
    "ml/redeye/monitoring/logic/distribution_shift.py",
    "ml/redeye/scoring/logic/outcomes.py",
    "ml/redeye/studies/backtest/logic/loop.py",
    "ml/redeye/studies/evidence/logic/evidence_quality.py",
    "ml/redeye/studies/freshness/logic/freshness_quality.py",
    "ml/redeye/studies/gate_power/logic/gate_power.py",
    "ml/redeye/studies/gate_power/logic/harmful_trials.py",
    "ml/redeye/studies/gate_power/rehearse_gates.py",
    "ml/redeye/studies/interval_error/logic/interval_error.py",
    "ml/redeye/studies/interval_error/logic/made_nights.py",
    "ml/redeye/studies/season/logic/season_quality.py",
}


# A gate of probabilities has the name that a kind was given later, and evidence is kept under it.
GATES = "ml/redeye/promotion/logic/gate_report.py"


def list_names(path: Path) -> Iterator[str]:
    """Modules that a file imports, and its texts that are one word."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_file_of_the_engine_names_a_kind() -> None:
    words = set(list_built_in())
    naming = set()
    for root in ("ml/redeye", "plugins", "dags"):
        for path in (PROJECT_ROOT / root).rglob("*.py"):
            if path.is_relative_to(KINDS):
                continue
            named = words & {name.removeprefix(f"{BUILT_IN}.").split("_spec")[0] for name in list_names(path)}
            used = {
                name for name in list_names(path) if name.startswith(f"{BUILT_IN}.") and name != INTERFACE
            }
            if named or used:
                naming.add(path.relative_to(PROJECT_ROOT).as_posix())
    assert naming - OF_ONE_KIND == {GATES}, "ask the kind: redeye.models.kinds.interface"
    assert OF_ONE_KIND - naming == set(), "these name no kind any more: take them from the list"
