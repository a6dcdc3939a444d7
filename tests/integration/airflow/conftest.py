"""Installations that hold Airflow's and MLflow's tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prepared_installations import Kind, Prepared
from throwaway import Stack


@pytest.fixture(scope="module")
def stack_env(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The module's own."""
    with prepared.installed(tmp_path_factory.mktemp("redeye-airflow"), Kind.MIGRATED) as stack:
        yield stack
