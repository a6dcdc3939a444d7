"""Who people are by their provider's word, and what each role may do: the one place that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from redeye.foundation.errors import ConfigError, LoginRefused


class Right(StrEnum):
    """What somebody may do."""

    READ = "read"
    """Every page, DAG, run and log, MLflow; no connection and no variable, which may hold secrets."""
    EXPLAIN = "explain"
    """Have a prediction explained, which starts a process."""
    EXPORT = "export"
    """Take out the auditor's archive of a prediction."""
    OPERATE = "operate"
    """Start, stop, clear and mark runs, play nights, roll back, block, ask to unblock."""
    DECIDE = "decide"
    """Say whether a candidate is promoted, and unblock."""


class Role(StrEnum):
    """What somebody is here, by the groups that the provider names."""

    ANALYST = "analyst"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"


_OPERATING = frozenset({Right.READ, Right.EXPLAIN, Right.OPERATE})
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.ANALYST: frozenset({Right.READ, Right.EXPLAIN}),
    Role.OPERATOR: _OPERATING,
    Role.APPROVER: _OPERATING | {Right.DECIDE},
    Role.AUDITOR: frozenset({Right.READ, Right.EXPORT}),
}


_SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


@dataclass(frozen=True)
class Person:
    """Somebody who has logged in.

    Attributes:
        name: what ledgers call them.
        roles: of all their groups; what they may do is what any of them allows.
    """

    name: str
    roles: frozenset[Role]

    def may(self, right: Right) -> bool:
        """Whether one of the roles has a right."""
        return any(right in RIGHTS[role] for role in self.roles)


def parse_groups(text: str) -> dict[str, Role]:
    """The role of each group, written as `group=role group=role`.

    Raises:
        ConfigError: naming the setting and what is wrong.
    """
    roles = ", ".join(Role)
    found: dict[str, Role] = {}
    for pair in text.split():
        group, separator, role = pair.rpartition("=")
        if not separator or not group or role not in set(Role):
            raise ConfigError(
                f"REDEYE_OIDC_GROUPS: {pair!r} is no group=role, where the role is one of {roles}"
            )
        if found.setdefault(group, Role(role)) != role:
            raise ConfigError(f"REDEYE_OIDC_GROUPS: {group!r} has two roles: give one")
    if not found:
        raise ConfigError(f"REDEYE_OIDC_GROUPS is empty: write group=role, where the role is one of {roles}")
    return found


def check_issuer(issuer: str) -> None:
    """Refuse an issuer whose answers anybody on the way could write.

    Raises:
        ConfigError: naming the setting.
    """
    parts = urlsplit(issuer)
    is_loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise ConfigError(f"REDEYE_OIDC_ISSUER={issuer!r} is no address: write it as the provider states it")
    if parts.scheme == "http" and not is_loopback:
        raise ConfigError(f"REDEYE_OIDC_ISSUER={issuer!r} must begin with https:// to be trusted")


def check_provider(metadata: dict[str, Any], issuer: str) -> None:
    """See that the provider is the one that was meant, and take only signatures that need its private key.

    Neither none, then, nor those by the secret that both sides share.

    Raises:
        LoginRefused: if it calls itself otherwise.
    """
    if metadata.get("issuer") != issuer:
        raise LoginRefused(
            f"REDEYE_OIDC_ISSUER is {issuer}, and the provider there calls itself {metadata.get('issuer')}: they "
            "must be the same, to the slash"
        )
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [each for each in offered if each in _SIGNATURES]


def make_claims_options(issuer: str, client_id: str) -> dict[str, dict[str, Any]]:
    """What an ID token must say, as authlib checks it: by whom, for whom, and until when."""
    return {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client_id},
        "exp": {"essential": True},
    }


def read_person(
    claims: Mapping[str, Any], *, name_claim: str, groups_claim: str, groups: Mapping[str, Role]
) -> Person:
    """Who a validated ID token is about.

    By `email` only if the provider has verified it; by `sub`, with the issuer, always.

    Raises:
        LoginRefused: if the token has no such name, or no group that has a role.
    """
    name = str(claims.get(name_claim) or "")
    if not name:
        raise LoginRefused(f"the provider names nobody: its token has no {name_claim}")
    if name_claim == "email" and claims.get("email_verified") is not True:
        raise LoginRefused(
            f"the provider has not verified the address {name}: its token lacks email_verified"
        )
    if name_claim == "email":
        # Written otherwise, an address must not become a second person.
        name = name.casefold()
    else:
        issuer = urlsplit(str(claims.get("iss")))
        name = f"{name}@{issuer.netloc}{issuer.path.rstrip('/')}"
    named = claims.get(groups_claim) or []
    told = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    roles = frozenset(groups[group] for group in told if isinstance(group, str) and group in groups)
    if not roles:
        raise LoginRefused(f"{name} is in no group that has a role here: ask whoever runs this installation")
    return Person(name, roles)
