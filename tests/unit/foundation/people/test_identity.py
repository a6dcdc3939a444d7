"""Who people are by their provider's word, and what their roles may do."""

from __future__ import annotations

from typing import Any

import pytest

from redeye.foundation.errors import ConfigError, LoginRefused
from redeye.foundation.people.identity import (
    RIGHTS,
    Person,
    Right,
    Role,
    check_issuer,
    check_provider,
    parse_groups,
    read_person,
)

ISSUER = "https://login.example/realm"
CLAIMS = {
    "iss": ISSUER,
    "sub": "17",
    "email": "Ann@People.example",
    "email_verified": True,
    "groups": ["ops", "all"],
}
GROUPS = {"ops": Role.OPERATOR, "audit": Role.AUDITOR}


def read(name_claim: str = "email", **other: Any) -> Person:
    return read_person(CLAIMS | other, name_claim=name_claim, groups_claim="groups", groups=GROUPS)


def test_a_person_is_named_by_the_verified_address_or_by_subject_and_issuer() -> None:
    assert read() == Person("ann@people.example", frozenset({Role.OPERATOR}))
    assert read("sub").name == "17@login.example/realm"


def test_an_address_written_otherwise_is_no_second_person() -> None:
    assert read(email="ANN@people.EXAMPLE").name == read().name


@pytest.mark.parametrize(
    "other",
    [{"email_verified": False}, {"email_verified": "true"}, {"email": ""}, {"email": None}],
)
def test_an_address_that_is_not_verified_names_nobody(other: dict[str, Any]) -> None:
    with pytest.raises(LoginRefused):
        read(**other)


@pytest.mark.parametrize("groups", [None, [], ["all"], "all", [{"name": "ops"}], 7, {"ops": True}])
def test_who_is_in_no_group_with_a_role_gets_nothing(groups: Any) -> None:
    with pytest.raises(LoginRefused, match="in no group that has a role here"):
        read(groups=groups)


def test_roles_of_several_groups_add_up() -> None:
    person = read(groups=["ops", "audit"])
    assert {right for right in Right if person.may(right)} == {
        Right.READ,
        Right.EXPLAIN,
        Right.OPERATE,
        Right.EXPORT,
    }
    assert not person.may(Right.DECIDE)


def test_only_an_approver_decides_and_an_auditor_only_reads_and_exports() -> None:
    assert {role for role in Role if Right.DECIDE in RIGHTS[role]} == {Role.APPROVER}
    assert RIGHTS[Role.AUDITOR] == {Right.READ, Right.EXPORT}
    assert RIGHTS[Role.ANALYST] == {Right.READ, Right.EXPLAIN}


@pytest.mark.parametrize("text", ["", "ops", "ops=king", "=operator", "ops=operator ops=auditor"])
def test_a_wrong_mapping_is_refused_by_the_setting_s_name(text: str) -> None:
    with pytest.raises(ConfigError, match="REDEYE_OIDC_GROUPS"):
        parse_groups(text)


def test_a_group_s_name_may_hold_an_equals_sign() -> None:
    assert parse_groups("cn=ops=operator audit=auditor") == {"cn=ops": Role.OPERATOR, "audit": Role.AUDITOR}


@pytest.mark.parametrize("issuer", ["", "login.example", "http://login.example", "ftp://login.example"])
def test_an_issuer_that_cannot_be_trusted_is_refused(issuer: str) -> None:
    with pytest.raises(ConfigError, match="REDEYE_OIDC_ISSUER"):
        check_issuer(issuer)


def test_signatures_that_need_no_private_key_are_not_taken() -> None:
    metadata = {
        "issuer": ISSUER,
        "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
    }
    check_provider(metadata, ISSUER)
    assert metadata["id_token_signing_alg_values_supported"] == ["RS256", "ES256"]
    with pytest.raises(LoginRefused, match="to the slash"):
        check_provider(metadata, f"{ISSUER}/")
