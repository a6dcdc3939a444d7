"""Airflow's auth manager: asks of each request whether one of the person's roles allows it.

Who somebody is and which roles they have stands in Airflow's own token, made at the login and signed with its key.
What the roles allow is said once, in `redeye.foundation.people.identity`; here it is put in Airflow's words. An act
that is not named is refused: what a later Airflow adds is open to nobody until it is put here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.api_fastapi.app import AUTH_MANAGER_FASTAPI_APP_PREFIX
from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.common.types import MenuItem

from redeye.foundation.people.identity import Person, Right, Role, check_issuer, parse_groups
from redeye.foundation.settings import settings
from redeye_airflow.login.user import OidcUser
from redeye_airflow.vocabulary import CustomView

if TYPE_CHECKING:
    from fastapi import FastAPI

# Of DAGs, by what is acted on; a DAG itself is None. All of them may be read.
_ACTS: Mapping[tuple[str, DagAccessEntity | None], Right] = {
    ("PUT", None): Right.OPERATE,
    ("POST", DagAccessEntity.RUN): Right.OPERATE,
    ("PUT", DagAccessEntity.RUN): Right.OPERATE,
    ("PUT", DagAccessEntity.TASK_INSTANCE): Right.OPERATE,
    ("PUT", DagAccessEntity.HITL_DETAIL): Right.DECIDE,
}
_CUSTOM_VIEWS: Mapping[str, Right] = {
    CustomView.EXPLANATIONS: Right.EXPLAIN,
    CustomView.EXPORT: Right.EXPORT,
}
# Nobody may look at what they are about.
_HIDDEN = frozenset({MenuItem.CONFIG, MenuItem.CONNECTIONS, MenuItem.VARIABLES})


class OidcAuthManager(BaseAuthManager[OidcUser]):
    """Lets in whom the provider of `REDEYE_OIDC_ISSUER` knows, with the roles that their groups have."""

    def init(self) -> None:
        """Check the settings, so that a server that nobody could enter does not start.

        Raises:
            ConfigError: naming the setting.
        """
        super().init()
        check_settings()

    def deserialize_user(self, token: dict[str, Any]) -> OidcUser:
        """The user of a token that Airflow has verified."""
        return OidcUser(Person(token["sub"], frozenset(Role(role) for role in token["roles"])))

    def serialize_user(self, user: OidcUser) -> dict[str, Any]:
        """What such a token says."""
        return {"sub": user.person.name, "roles": sorted(user.person.roles)}

    def get_url_login(self, **kwargs: Any) -> str:  # noqa: ANN401  Airflow's
        """Where a login begins."""
        query = f"?{urlencode({'next': kwargs['next_url']})}" if kwargs.get("next_url") else ""
        return f"{AUTH_MANAGER_FASTAPI_APP_PREFIX}/login{query}"

    def get_url_logout(self) -> str:
        """Where it ends: Airflow's own way would lead back to a login, which the provider answers by itself."""
        return f"{AUTH_MANAGER_FASTAPI_APP_PREFIX}/logged_out"

    def get_fastapi_app(self) -> FastAPI:
        """The pages of the login."""
        from redeye_airflow.login.routes import create_app

        return create_app()

    def is_authorized_dag(
        self,
        *,
        method: str,
        user: OidcUser,
        access_entity: DagAccessEntity | None = None,
        details: Any = None,  # noqa: ANN401, ARG002  Airflow's; all DAGs are alike
    ) -> bool:
        """By role, the same for every DAG."""
        right = Right.READ if method == "GET" else _ACTS.get((str(method), access_entity))
        return right is not None and user.person.may(right)

    def is_authorized_asset(self, *, method: str, user: OidcUser, details: Any = None) -> bool:  # noqa: ANN401, ARG002
        """Assets are read; events are for tasks."""
        return _may_read(method, user)

    def is_authorized_asset_alias(self, *, method: str, user: OidcUser, details: Any = None) -> bool:  # noqa: ANN401, ARG002
        """As assets."""
        return _may_read(method, user)

    def is_authorized_pool(self, *, method: str, user: OidcUser, details: Any = None) -> bool:  # noqa: ANN401, ARG002
        """Pools are read."""
        return _may_read(method, user)

    def is_authorized_configuration(self, *, method: str, user: OidcUser, details: Any = None) -> bool:  # noqa: ANN401, ARG002
        """Nobody: it holds secrets."""
        return False

    def is_authorized_connection(self, *, method: str, user: OidcUser, details: Any = None) -> bool:  # noqa: ANN401, ARG002
        """Nobody, as the configuration."""
        return False

    def is_authorized_variable(self, *, method: str, user: OidcUser, details: Any = None) -> bool:  # noqa: ANN401, ARG002
        """Nobody, as the configuration."""
        return False

    def is_authorized_view(self, *, access_view: AccessView, user: OidcUser) -> bool:  # noqa: ARG002
        """Views of the installation's state are read."""
        return user.person.may(Right.READ)

    def is_authorized_custom_view(self, *, method: str, resource_name: str, user: OidcUser) -> bool:  # noqa: ARG002
        """What Redeye's pages ask about, and Airflow does not know."""
        right = _CUSTOM_VIEWS.get(resource_name)
        return right is not None and user.person.may(right)

    def filter_authorized_menu_items(self, menu_items: list[MenuItem], *, user: OidcUser) -> list[MenuItem]:
        """What leads somewhere."""
        return [item for item in menu_items if item not in _HIDDEN and user.person.may(Right.READ)]


def _may_read(method: str, user: OidcUser) -> bool:
    return method == "GET" and user.person.may(Right.READ)


def check_settings() -> None:
    """Refuse settings of a login by which nobody could enter, or anybody.

    Raises:
        ConfigError: naming the setting.
    """
    from redeye.foundation.errors import ConfigError

    configured = settings()
    check_issuer(configured.oidc_issuer)
    if not configured.oidc_client_id:
        raise ConfigError("REDEYE_OIDC_CLIENT_ID is not set: it is what the provider calls this installation")
    if not configured.read_oidc_client_secret():
        raise ConfigError(
            "neither REDEYE_OIDC_CLIENT_SECRET nor REDEYE_OIDC_CLIENT_SECRET_FILE is set: register this installation "
            "at the provider as a confidential client, and give its secret"
        )
    parse_groups(configured.oidc_groups)
