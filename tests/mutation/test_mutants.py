"""A seeded sample of single mutants of the pure modules: the unit and policy tests notice them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from mutation.mutants import find_modules, sample_mutants, try_mutants
from ruamel.yaml import YAML

pytestmark = pytest.mark.long

COUNT, SEED = 100, 7
HARMLESS = YAML(typ="safe").load(Path(__file__).with_name("harmless.yaml").read_text(encoding="utf-8")) or []
log = logging.getLogger(__name__)


def test_at_least_85_of_100_mutants_are_noticed_and_the_rest_is_known_to_be_harmless(tmp_path: Path):
    survivors = []
    for number, (mutant, is_killed) in enumerate(
        try_mutants(sample_mutants(find_modules(), COUNT, SEED), tmp_path), 1
    ):
        print(f"{number:3} {'killed  ' if is_killed else 'SURVIVED'} {mutant.module}\n{mutant.change}")  # noqa: T201
        if not is_killed:
            survivors.append(mutant)
    known = {(each["module"], each["change"].strip()) for each in HARMLESS}
    assert len(survivors) <= COUNT * 0.15
    assert [m for m in survivors if (m.module, m.change) not in known] == []
