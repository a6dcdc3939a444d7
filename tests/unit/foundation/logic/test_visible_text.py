from __future__ import annotations

import pytest

from redeye.foundation.logic.visible_text import escape_controls, escape_hidden, hide_passwords, make_storable


@pytest.mark.parametrize(
    ("text", "controls", "hidden"),
    [
        ("N14\x00228", r"N14\x00228", r"N14\x00228"),
        ("a\r", r"a\r", r"a\r"),
        ("one\n\ttwo", "one\n\ttwo", r"one\n\ttwo"),
        ("\x1b[31m", r"\x1b[31m", r"\x1b[31m"),
        ("Ã\x89", r"Ã\x89", r"Ã\x89"),
        ("\ud800", r"\ud800", r"\ud800"),
        ("a\u00a0b", "a\u00a0b", r"a\xa0b"),
        ("\ufeffYear", "\ufeffYear", r"\ufeffYear"),
        ("São Paulo, 100 %", "São Paulo, 100 %", "São Paulo, 100 %"),
        (r"N14\x00228", r"N14\x00228", r"N14\x00228"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text, controls, hidden):
    assert escape_controls(text) == controls
    assert escape_hidden(text) == hidden


def test_every_text_of_a_value_is_made_storable_and_nothing_else():
    value = {"a\0": ["b\0", 1, None, ("c\0", 2.5)], "plain": {"d": "e\x7f"}, "f": "password=hunter2"}
    assert make_storable(value) == {
        r"a\x00": [r"b\x00", 1, None, (r"c\x00", 2.5)],
        "plain": {"d": r"e\x7f"},
        "f": "password=***",
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("host=db password=hunter2 user=x", "host=db password=*** user=x"),
        ("password='two words' user=x", "password=*** user=x"),
        ('at "host=db password=hunter2": refused', 'at "host=db password=***": refused'),
        ("postgresql://redeye:hunter2@db/warehouse", "postgresql://redeye:***@db/warehouse"),
        ("at rediss://:hunter2@cache:6379/1", "at rediss://:***@cache:6379/1"),
        ("mysql://u:p/a@ss@db/x is away", "mysql://u:***@db/x is away"),
        (r"password='it\'s hunter2' user=x", "password=*** user=x"),
        ("ATTACH 'host=db password=''two words'' user=x'", "ATTACH 'host=db password=*** user=x'"),
        ('{"password": "hunter 2", "user": "x"}', '{"password": ***, "user": "x"}'),
        ("PASSWORD = hunter2", "PASSWORD = ***"),
        ("1 of 64 OK created model", "1 of 64 OK created model"),
        ("password authentication failed for user x", "password authentication failed for user x"),
        ("http://host:8080/a and b@c", "http://host:8080/a and b@c"),
        ("user=x passfile='/home/run/pgpass/x'", "user=x passfile='/home/run/pgpass/x'"),
    ],
)
def test_passwords_are_not_shown(said, shown):
    assert hide_passwords(said) == shown
