"""A small warehouse with a heuristic as champion, for sandboxes and for what a change does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from prepared_installations import Kind
from throwaway import Stack

from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import Release


@pytest.fixture(scope="module")
def stack_env(
    install: Callable[..., AbstractContextManager[Stack]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    with install(tmp_path_factory.mktemp("redeye-sandbox"), Kind.THREE_WEEKS) as stack:
        yield stack


@pytest.fixture(scope="module")
def release(stack_env: Stack) -> Release:
    found = release_store.latest_release()
    assert found is not None
    return found
