"""The settings by which people log in with accounts of their own, and what follows from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from redeye.foundation.errors import ConfigError


class LoginSettings(BaseSettings):
    """Part of `Settings`: an OIDC provider, and what its groups may do."""

    oidc_issuer: str = Field(
        default="",
        description="`https://…` of the OIDC provider that people log in by, as it states its issuer. Without it "
        "Airflow and MLflow have two accounts each, `admin` and `viewer`.",
    )
    oidc_client_id: str = Field(default="", description="What the provider calls this installation.")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="The secret that it gave for that."
    )
    oidc_client_secret_file: str = Field(
        default="",
        description="A file with that secret, in its place. Where root starts the stack, the group `redeye-admin` "
        "must be able to read it.",
    )
    oidc_scopes: str = Field(
        default="openid email", description="Scopes that are asked for; some providers want one for groups."
    )
    oidc_groups_claim: str = Field(
        default="groups", description="Claim of the ID token that lists a person's groups."
    )
    oidc_groups: str = Field(
        default="redeye-analyst=analyst redeye-operator=operator redeye-approver=approver "
        "redeye-auditor=auditor",
        description="The role of each group, as `group=role` with spaces between. Who is in none gets nothing.",
    )
    oidc_name_claim: Literal["email", "sub"] = Field(
        default="email",
        description="Claim by which ledgers name a person: `email`, which the provider must have verified, or `sub`, "
        "to which the issuer is added.",
    )
    oidc_session_hours: int = Field(
        default=8, ge=1, le=24, description="After this a person logs in again; until then a role holds."
    )
    four_eyes: bool = Field(
        default=False,
        description="Whether a training by hand awaits somebody else's approval, and unblocking takes two people. "
        "On where people log in by OIDC, unless it is given.",
    )

    @model_validator(mode="before")
    @classmethod
    def _need_four_eyes_of_people(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {"four_eyes": True, **given} if given.get("oidc_issuer") else given

    def read_oidc_client_secret(self) -> str:
        """The provider's secret, from the file if one is given; empty if there is none.

        Raises:
            ConfigError: if the file cannot be read.
        """
        if path := self.oidc_client_secret_file:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigError(
                    f"REDEYE_OIDC_CLIENT_SECRET_FILE={path} cannot be read ({error.strerror}): Airflow's api-server "
                    "and MLflow read it, whose group is redeye-admin where root starts the stack"
                ) from error
        return self.oidc_client_secret.get_secret_value()
