"""One value has one text, whoever wrote it, and nothing else passes for a signed statement."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from redeye.foundation.errors import SignatureError
from redeye.foundation.signing.logic.statements import Kind, Signed, Statement, parse_json, write_canonical

STATEMENT = Statement(
    Kind.EXPORT, "1f" * 8, {"file": "a.parquet"}, {"sha256": "00"}, "2013-03-01T00:00:00+00:00", "k"
)
VALUES = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_that_was_parsed_has_the_text_that_it_was_parsed_from(value: Any) -> None:
    text = write_canonical(value)
    assert write_canonical(parse_json(text)) == text
    assert json.loads(text) == value


def test_the_order_of_names_and_the_form_of_letters_do_not_matter() -> None:
    assert write_canonical({"b": 1, "a": ["é", True, None]}) == '{"a":["\\u00e9",true,null],"b":1}'
    assert write_canonical(parse_json('{ "b" : 1, "a": 2 }')) == write_canonical({"a": 2, "b": 1})


@pytest.mark.parametrize("text", ["0.10", "1e3", "0.1000000000000000055511151231257827", "-0.0"])
def test_a_number_stays_as_it_was_written(text: str) -> None:
    assert write_canonical(parse_json(text)) == text


def test_a_number_is_not_the_text_of_it() -> None:
    assert write_canonical(parse_json('["0.1"]')) != write_canonical(parse_json("[0.1]"))


@pytest.mark.parametrize("value", [date(2013, 1, 1), {1: 2}, b"x", float("nan"), {"a": {1, 2}}])
def test_what_has_no_text_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        write_canonical(value)


@pytest.mark.parametrize("text", ["", "{", '{"a":1,"a":2}', "[NaN]", "[Infinity]", "[" * 100_000])
def test_a_text_that_is_not_one_value_is_refused(text: str) -> None:
    with pytest.raises(SignatureError):
        parse_json(text)


def test_a_signed_statement_comes_back_as_it_went() -> None:
    signed = Signed(STATEMENT, "ab" * 64)
    assert Signed.from_json(signed.to_json()) == signed
    assert Signed.from_json(signed.to_json()).statement.to_bytes() == STATEMENT.to_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("signature"),
        lambda said: said.update(more=1),
        lambda said: said.update(signature=1),
        lambda said: said.update(signature="AB" * 64),
        lambda said: said.update(signature="ab " * 64),
        lambda said: said.update(statement=[]),
        lambda said: said["statement"].pop("content"),
        lambda said: said["statement"].update(kind="opinion"),
        lambda said: said["statement"].update(subject="a.parquet"),
        lambda said: said["statement"].update(key_id=None),
    ],
)
def test_what_is_no_signed_statement_is_refused(change: Any) -> None:
    said = json.loads(Signed(STATEMENT, "ab" * 64).to_json())
    change(said)
    with pytest.raises(SignatureError):
        Signed.from_json(json.dumps(said))


def test_statements_of_one_key_about_one_thing_have_one_topic() -> None:
    other = Statement(Kind.EXPORT, "1f" * 8, {"file": "a.parquet"}, {"sha256": "11"}, "later", "k")
    assert other.topic == STATEMENT.topic
    assert Statement(Kind.BACKUP, "1f" * 8, {"file": "a.parquet"}, {}, "later", "k").topic != STATEMENT.topic
