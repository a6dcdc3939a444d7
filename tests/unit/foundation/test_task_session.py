"""What a task keeps open is shared within it, and closed with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from redeye.foundation.task_session import find_connections, task_session


class Connection:
    """Anything that can be closed."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def keep(kind: str, key: str) -> Connection:
    kept = find_connections(kind)
    assert kept is not None
    return kept.setdefault(key, Connection())


def test_what_is_kept_is_found_again_by_kind_and_key_and_closed_at_the_end() -> None:
    with task_session():
        first = keep("lakes", "a")
        assert keep("lakes", "a") is first
        assert keep("lakes", "b") is not first
        assert keep("ledgers", "a") is not first
        assert not first.is_closed
    assert first.is_closed


def test_an_error_closes_too_and_the_next_session_begins_empty() -> None:
    kept: list[Connection] = []

    @task_session()
    def fail() -> None:
        kept.append(keep("lakes", "a"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert kept[0].is_closed
    with task_session():
        assert find_connections("lakes") == {}


def test_a_session_within_a_session_is_part_of_it() -> None:
    with task_session():
        first = keep("lakes", "a")
        with task_session():
            assert keep("lakes", "a") is first
        assert not first.is_closed


def test_there_is_none_outside_of_a_session_nor_in_another_thread() -> None:
    assert find_connections("lakes") is None
    with task_session(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(find_connections, "lakes").result() is None
