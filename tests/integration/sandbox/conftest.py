"""A small warehouse with a heuristic as champion, for sandboxes and for what a change does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest
from throwaway import Stack

from redeye.operations import build_nights
from redeye.sources import ingest
from redeye.warehouse import build, release_store
from redeye.warehouse.logic.releases import Release

FIRST, LAST = date(2012, 12, 31), date(2013, 1, 12)


@pytest.fixture(scope="package")
def stack_env(
    install: Callable[[Path], AbstractContextManager[Stack]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    with install(tmp_path_factory.mktemp("redeye-sandbox")) as stack:
        yield stack


@pytest.fixture(scope="package")
def release(stack_env: Stack) -> Release:
    ingest.ingest_nights(FIRST, LAST)
    build.publish(build_nights.transform(FIRST, LAST, holder="test", kind="history"))
    found = release_store.latest_release()
    assert found is not None
    return found
