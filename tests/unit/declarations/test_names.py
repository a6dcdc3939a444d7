from __future__ import annotations

import pytest

from redeye.declarations.names import LENGTH, is_name


@pytest.mark.parametrize("name", ["bts", "nycflights13", "a", "A-1_b", "x" * LENGTH])
def test_a_name_stays_in_its_folder(name):
    assert is_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "../evil",
        "/etc",
        "a/b",
        "a\\b",
        "a.b",
        "a\n",
        "a\0",
        " a",
        "-a",
        "_a",
        "ä",
        "x" * (LENGTH + 1),
        None,
        7,
    ],
)
def test_what_could_lead_elsewhere_is_none(text):
    assert not is_name(text)
