"""Who may log in to MLflow's UI: its users, and what those who are no admins may send.

MLflow's basic-auth app checks passwords and permissions; two of its ways do not fit. It never changes a
user's password from its configuration, and a user with nothing but the permission to read may still create
experiments and models, of which he is then the owner. So the users are set from the installation's secrets
before the server starts, and the server asks `authorise` about each request. MLflow is imported when needed.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from redeye.stack.servers.mlflow_people import admit, find_login

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.datastructures import Authorization

ADMIN = "admin"
VIEWER = "viewer"
AUTHORISATION = f"{__name__}:authorise"

# MLflow's assistant lets a page start programs on the server. Nothing here needs it; but its pane, which the UI opens
# by itself, asks how it is set up.
_CLOSED = "/mlflow/assistant"
_SET_UP = (f"{_CLOSED}/config", f"{_CLOSED}/providers")
_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Questions too long for an address: the UI sends them as POST. They change nothing.
_READING_POSTS = (
    "/graphql",
    "/mlflow/experiments/search",
    "/mlflow/experiments/search-datasets",
    "/mlflow/logged-models/search",
    "/mlflow/metrics/get-history-bulk-interval",
    "/mlflow/runs/search",
    "/mlflow/traces/search",
    "/mlflow/traces/metrics",
    "/mlflow/assessments/search",
    "/mlflow/issues/search",
    "/mlflow/traces/batchGetInfos",
)


def is_reading(method: str, path: str) -> bool:
    """Whether a request can only read, by its method and path; what is not known counts as writing."""
    return method in _READING_METHODS or (method == "POST" and path.endswith(_READING_POSTS))


def is_closed(method: str, path: str) -> bool:
    """Whether nobody may send a request: all of the assistant but the question how it is set up."""
    return _CLOSED in path and not (method == "GET" and path.endswith(_SET_UP))


def authorise() -> Authorization | Response:
    """Check the login of the current request; let admins alone write, and nobody reach the assistant.

    Passwords are checked as MLflow does. Where people log in by OIDC they read by a session of their own, and passwords
    are for the admin's programs. Named in MLflow's configuration as `authorization_function`; runs in its server.
    """
    from flask import Response, request
    from mlflow.server.auth import authenticate_request_basic_auth, make_forbidden_response, store
    from werkzeug.datastructures import Authorization

    by_people = bool(find_login().oidc_issuer)
    answer: Authorization | Response
    if by_people and request.authorization is None:
        answer = admit() or Authorization("basic", {"username": VIEWER, "password": ""})
    else:
        answer = authenticate_request_basic_auth()
        if by_people and not isinstance(answer, Response) and answer.username == VIEWER:
            # An account that is nobody's.
            return make_forbidden_response()
    if isinstance(answer, Response):
        return answer
    if is_closed(request.method, request.path):
        return make_forbidden_response()
    if not is_reading(request.method, request.path) and not store.get_user(str(answer.username)).is_admin:
        return make_forbidden_response()
    return answer


def set_users(database_url: str, passwords: dict[str, str]) -> None:
    """Make the users' tables and the two users in the logins' own database; a password that differs is replaced."""
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore()
    store.init_db(database_url)
    for name, password in passwords.items():
        is_admin = name == ADMIN
        if not store.has_user(name):
            store.create_user(name, password, is_admin=is_admin)
        elif not store.authenticate_user(name, password) or store.get_user(name).is_admin != is_admin:
            store.update_user(name, password=password, is_admin=is_admin)


def configuration(database_url: str) -> str:
    """The configuration file of MLflow's login; it holds a password, so its owner alone may read it."""
    options = {
        "default_permission": "READ",
        "database_uri": database_url,
        "admin_username": ADMIN,
        "authorization_function": AUTHORISATION,
        # Each request checks the login several times, at a tenth of a second each. The cache lies in
        # the one worker's memory, and passwords change only before it starts.
        "auth_cache_ttl_seconds": "300",
    }
    # A percent sign starts an interpolation.
    lines = [f"{name} = {value.replace('%', '%%')}" for name, value in options.items()]
    return "\n".join(["[mlflow]", *lines, ""])


if __name__ == "__main__":
    # By standard input: arguments and environment are seen by others.
    reported = json.load(sys.stdin)
    set_users(reported["database_url"], reported["passwords"])
