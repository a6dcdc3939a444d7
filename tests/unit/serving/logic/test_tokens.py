"""What of a token is kept, and what it opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from redeye.serving.logic.tokens import Token, hash_token, index_tokens, read_bearer

NOW = datetime(2013, 4, 4, tzinfo=UTC)
TOKEN = Token(1, "planning", hash_token("abc"), ("a_model",), NOW - timedelta(days=1), "somebody")


def test_a_token_is_found_by_its_hash_and_the_hash_does_not_hold_it():
    assert index_tokens([TOKEN])[hash_token("abc")] is TOKEN
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("changed", "is_valid"),
    [
        ({}, True),
        ({"expires_at": NOW + timedelta(seconds=1)}, True),
        ({"expires_at": NOW}, False),
        ({"revoked_at": NOW - timedelta(hours=1)}, False),
    ],
)
def test_a_token_counts_until_it_expires_or_is_revoked(changed, is_valid):
    assert replace(TOKEN, **changed).is_valid(NOW) is is_valid


def test_a_token_opens_its_models_alone():
    assert TOKEN.opens("a_model")
    assert not TOKEN.opens("another_model")
    assert replace(TOKEN, models=("*",)).opens("another_model")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("Basic abc", None),
        ("Bearer ", None),
        ("", None),
        (None, None),
    ],
)
def test_the_header_names_the_scheme(header, text):
    assert read_bearer(header) == text
