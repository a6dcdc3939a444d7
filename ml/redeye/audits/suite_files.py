"""Where suites come from: `expectations/**/*.yml` as analysts write them, and the contracts of what arrives.

A suite names the columns of its frame with their types, in order, and its expectations, each with the
reason for its bound. See `docs/reference/audits.md`.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from redeye.audits.contract_files import (
    ARRIVALS,
    CONTRACT,
    EXPECTATIONS_ROOT,
    find_contract,
    list_contracts,
    list_paths,
    load_contract,
)
from redeye.audits.logic.contract import PROFILE, Table
from redeye.audits.logic.reference_rates import ReferenceRate, add_rates, list_rates
from redeye.audits.logic.suite import SuiteSpec
from redeye.declarations.yaml_files import load_declaration, locate
from redeye.foundation.errors import ConfigError

log = logging.getLogger(__name__)


@lru_cache(maxsize=64)
def load_suite(name: str, root: Path = EXPECTATIONS_ROOT) -> SuiteSpec:
    """The suite `name`, a path below `root` without its ending, for example `arrivals/outcomes`.

    Raises:
        ConfigError: if the file is missing or wrong; the message names file, line and key.
    """
    if name.startswith(ARRIVALS) and not name.endswith(PROFILE):
        return _find_table(name, root)[2].suite
    if name.startswith(ARRIVALS):
        return _load_nights(name, root)
    return load_declaration(root / f"{name}.yml", SuiteSpec, begins_with="description: <what it judges>")


def suite_names(root: Path = EXPECTATIONS_ROOT) -> tuple[str, ...]:
    """The names of all suites below `root`, in order."""
    names = [path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yml")]
    for contract in list_contracts(root):
        names += [f"{ARRIVALS}{table.name}" for table in contract.tables]
        if contract.nights is None and find_rates(contract.name, root):
            names.append(f"{ARRIVALS}{contract.name}{PROFILE}")
    return tuple(sorted(names))


def locate_expectation(name: str, index: int, root: Path = EXPECTATIONS_ROOT) -> str:
    """`file:line` of a suite's expectation."""
    if not name.startswith(ARRIVALS):
        return locate(root / f"{name}.yml", ("expectations", index))
    path, place, table = _find_table(name, root)
    return locate(path, ("schema", place, *table.find_place(index)))


def find_rates(dataset: str, root: Path = EXPECTATIONS_ROOT) -> list[ReferenceRate]:
    """How many rows must find what they refer to: the dataset's rows in others, and those of others in it.

    What another dataset's contract says wrongly is that one's trouble: intake refuses it and names it.

    Raises:
        ConfigError: if the dataset's own contract is wrong.
    """
    contracts = [find_contract(dataset, root)]
    for path in list_paths(root):
        try:
            contracts.append(load_contract(path))
        except ConfigError:
            log.warning("%s is wrong: what it refers to is judged without it", path)
    return list_rates(dataset, {each.name: each for each in contracts}.values())


def _load_nights(name: str, root: Path) -> SuiteSpec:
    dataset = name.removeprefix(ARRIVALS).removesuffix(PROFILE)
    nights = find_contract(dataset, root).nights
    suite = add_rates(dataset, nights.suite if nights else None, find_rates(dataset, root))
    return suite or _find_table(name, root)[2].suite


def _find_table(name: str, root: Path) -> tuple[Path, int, Table]:
    """Where a contract says a suite: its file, the place in its `schema`, and the object there."""
    said = name.removeprefix(ARRIVALS)
    is_profile = said.endswith(PROFILE)
    path = root / ARRIVALS / f"{said.removesuffix(PROFILE)}{CONTRACT}"
    contract = load_contract(path)
    table = contract.nights if is_profile else contract.rows
    if table is None:
        raise ConfigError(f"{path}:1: schema: has no object {said!r}; add it after that of the rows")
    return path, int(is_profile), table
