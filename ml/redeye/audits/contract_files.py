"""The contract of each dataset that arrives, `expectations/arrivals/<dataset>.odcs.yaml`, parsed once.

A file must be accepted by what Redeye judges of the Open Data Contract Standard, and by the standard's own model.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard

from redeye.audits.logic.contract import Contract
from redeye.declarations.yaml_files import read_mapping, validate
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT

EXPECTATIONS_ROOT = PROJECT_ROOT / "expectations"
ARRIVALS = "arrivals/"
"""Suites of deliveries begin so, `arrivals/<dataset>`, as the folder of the contracts that say them."""
CONTRACT = ".odcs.yaml"


def find_contract(dataset: str, root: Path = EXPECTATIONS_ROOT) -> Contract:
    """The contract of a dataset.

    Raises:
        ConfigError: if it has none, or as `load_contract`.
    """
    return load_contract(root / ARRIVALS / f"{dataset}{CONTRACT}")


def list_contracts(root: Path = EXPECTATIONS_ROOT) -> list[Contract]:
    """Every contract below `root`, by name.

    Raises:
        ConfigError: as `load_contract`.
    """
    return [load_contract(path) for path in list_paths(root)]


def list_paths(root: Path = EXPECTATIONS_ROOT) -> list[Path]:
    """The file of every contract below `root`, by name."""
    return sorted((root / ARRIVALS).glob(f"*{CONTRACT}"))


@lru_cache(maxsize=64)
def load_contract(path: Path) -> Contract:
    """The contract in one file.

    Raises:
        ConfigError: naming file, line and key of every fault, what is allowed, and what is likely meant.
    """
    document = read_mapping(path, begins_with="apiVersion: v3.1.0")
    contract = validate(path, document, Contract)
    validate(path, document, OpenDataContractStandard)
    if (stem := path.name.removesuffix(CONTRACT)) != contract.name:
        raise ConfigError(f"{path}:1: name: {contract.name!r} must be {stem!r}, after the file")
    return contract
