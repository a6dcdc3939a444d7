"""Features written with braces, and what a declaration refuses."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from redeye.declarations.spec_fields import (
    Features,
    Frozen,
    Share,
    expand_braces,
    expand_features,
    name_column,
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a_1n", ("a_1n",)),
        ("a_{1n,7n}", ("a_1n", "a_7n")),
        ("a_{1n, 7n}", ("a_1n", "a_7n")),
        ("{x,y}:{b,c}_d", ("x:b_d", "x:c_d", "y:b_d", "y:c_d")),
    ],
)
def test_braces_expand_in_order_as_in_a_shell(pattern: str, expected: tuple[str, ...]):
    assert expand_braces(pattern) == expected


@pytest.mark.parametrize("pattern", ["a_{b", "a_b}", "a_{b,{c,d}}", "a_{b,}", "a_{,b}", "a_{}", "a_{b, }"])
def test_braces_that_say_nothing_are_refused(pattern: str):
    with pytest.raises(ValueError, match=r"braces|empty alternative"):
        expand_braces(pattern)


def test_features_are_named_once_and_with_their_view():
    assert expand_features(["v:a_{1,2}", "w:b"]) == ("v:a_1", "v:a_2", "w:b")
    with pytest.raises(ValueError, match="'v:a' appears twice"):
        expand_features(["v:a", "v:{a,b}"])
    for name in ("a", "V:a", "v:a:b", "v:", ":a", "v:1"):
        with pytest.raises(ValueError, match="is no feature"):
            expand_features([name])
    # What is no list of texts is for the types to refuse.
    assert expand_features("v:a") == "v:a"
    assert expand_features(["v:a", 1]) == ["v:a", 1]
    with pytest.raises(ValidationError):
        TypeAdapter(Features).validate_python(["v:a", 1])


def test_a_feature_is_a_column_of_its_view():
    assert name_column("view:name_7n") == "view__name_7n"


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_share_is_between_0_and_1_and_a_number(share: float):
    class Holder(Frozen):
        share: Share

    assert (Holder(share=0).share, Holder(share=1).share) == (0, 1)
    with pytest.raises(ValidationError):
        Holder(share=share)
