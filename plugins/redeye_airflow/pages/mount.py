"""The app as Airflow's plugin hands it over: nothing is imported before the api-server asks for a page.

Every Airflow process loads plugins, tasks too; only one serves pages.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from redeye_airflow.pages.addresses import AIRFLOW_APP

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Pages:
    """An ASGI app that becomes the real one at its first request."""

    def __init__(self) -> None:
        self._app: Any = None

    def load(self) -> Any:  # noqa: ANN401  FastAPI, which must not be imported here
        """The real app; made once."""
        if self._app is None:
            from redeye_airflow.pages.app import create_app

            self._app = create_app()
        return self._app

    def warm(self) -> threading.Thread:
        """Do beforehand what the first visitor would wait for; the page is read once beside the server's start."""
        self.load()
        from redeye_airflow.pages.night_pages import read_once

        opening = threading.Thread(target=read_once, name="redeye-warm", daemon=True)
        opening.start()
        return opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever is not HTTP is refused."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        scope[AIRFLOW_APP] = scope.get("app")
        await self.load()(scope, receive, send)
