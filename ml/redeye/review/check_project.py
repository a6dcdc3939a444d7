"""Every fault of a project's declarations, each with its file and line: what can be said before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from redeye.audits.contract_files import list_paths, load_contract
from redeye.audits.suite_files import load_suite, suite_names
from redeye.declarations.project import load_project
from redeye.declarations.specs import list_spec_faults
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT, SPECS
from redeye.review.generate import describe_stale_texts


def list_faults(root: Path = PROJECT_ROOT, specs: Path = SPECS) -> list[str]:
    """What is wrong with `redeye.yaml`, specs, contracts, suites, and what is generated from them; needs no stack.

    What cannot be judged while `redeye.yaml` cannot be read is left out.
    """
    if found := list(_try(lambda: load_project(root / "redeye.yaml"))):
        return found
    found += list_spec_faults(specs)
    if not list(specs.glob("*.yaml")):
        found.append(f"{specs}: no spec of a model; write one (docs/reference/models.md)")
    for path in list_paths(root / "expectations"):
        found += _try(partial(load_contract, path))
    if not found:
        for name in suite_names(root / "expectations"):
            found += _try(partial(load_suite, name, root / "expectations"))
        found += _try(lambda: found.extend(describe_stale_texts(root)))
    return found


def _try(read: Callable[[], object]) -> Iterator[str]:
    try:
        read()
    except ConfigError as error:
        yield from str(error).splitlines()
