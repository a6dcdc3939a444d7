"""Explanations are made one at a time, and no user can fill the queue."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from fastapi import HTTPException

from redeye_airflow.pages import explanations
from redeye_airflow.pages.explanations import MOST_OF_ALL, MOST_OF_ONE_USER, take_turn


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A semaphore belongs to the loop that waited for it first."""
    monkeypatch.setattr(explanations, "_one_at_a_time", asyncio.Semaphore(1))


async def ask(user: str, until: asyncio.Event) -> None:
    async with take_turn(user):
        await until.wait()


async def ask_many(users: list[str]) -> list[int]:
    """The status that each of some requests at once is answered with; 0 for those that wait their turn."""
    until = asyncio.Event()
    waiting = []
    for user in users:
        waiting.append(asyncio.create_task(ask(user, until)))
        await asyncio.sleep(0)
    until.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    return [each.status_code if isinstance(each, HTTPException) else 0 for each in ended]


def test_one_user_has_a_bound_of_his_own():
    assert asyncio.run(ask_many(["viewer"] * 5 + ["admin"])) == [0, 0, 0, 429, 429, 0]
    assert MOST_OF_ONE_USER == 3


def test_all_of_them_together_have_one():
    assert asyncio.run(ask_many([f"user{number}" for number in range(10)])) == [0] * MOST_OF_ALL + [429, 429]


def test_who_was_answered_or_failed_may_ask_again():
    async def fail() -> None:
        for _ in range(2 * MOST_OF_ALL):
            with pytest.raises(ZeroDivisionError):
                async with take_turn("viewer"):
                    raise ZeroDivisionError
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(take_turn("viewer"))
            assert explanations._asked.total() == 1

    asyncio.run(fail())
    assert explanations._asked.total() == 0


def test_who_may_not_ask_is_told_when_to_ask_again():
    async def refuse() -> HTTPException:
        until = asyncio.Event()
        tasks = [asyncio.create_task(ask("viewer", until)) for _ in range(MOST_OF_ONE_USER)]
        await asyncio.sleep(0)
        with pytest.raises(HTTPException) as refused:
            async with take_turn("viewer"):
                pass
        until.set()
        await asyncio.gather(*tasks)
        return refused.value

    error = asyncio.run(refuse())
    assert error.headers == {"Retry-After": "30"}
    assert error.detail == "3 explanations of yours are being made, 3 of all: ask again when one is done"
