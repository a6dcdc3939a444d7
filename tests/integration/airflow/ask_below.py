"""Asks the pages where a proxy has put Airflow below a path; prints what came as JSON.

A process of its own, as `ask_pages`: Airflow reads its base URL when it is imported.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from airflow.api_fastapi.app import cached_app
from starlette.testclient import TestClient

from redeye.foundation.settings import settings
from redeye.stack import bootstrap, environment

RESULT = "RESULT "
LINK = re.compile(r'(?:href|src|action|data-fetch)="([^"#]+)')
PAGES = ("", "alerts", "actions", "actions/play_nights", "predictions", "runbook", "models/flight_delay")


def main() -> None:
    """As a proxy hands it on: below the path, by the name of the server behind it."""
    ask = TestClient(cached_app(), base_url=environment.airflow_url(settings()), follow_redirects=False)
    root = ask.base_url.path
    password = bootstrap.prepare_files(settings()).airflow_admin_password
    login = ask.post("/auth/token", json={"username": environment.ADMIN, "password": password})
    as_browser = {"accept": "text/html"}
    found: dict[str, Any] = {
        "root": root,
        "nobody": ask.get("/redeye/models/x?night=2013-04-04", headers=as_browser).headers.get("location"),
    }
    ask.cookies.set("_token", login.json()["access_token"])
    pages = {page: ask.get(f"/redeye/{page}", headers=as_browser) for page in PAGES}
    found["statuses"] = {page: answer.status_code for page, answer in pages.items()}
    found["links"] = sorted({link for answer in pages.values() for link in LINK.findall(answer.text)})
    found["style"] = ask.get("/redeye/static/redeye.css").status_code
    moved = (ask.get("/redeye/acts/retrain?model=m"), ask.get("/redeye/flights?flight=AA+1"))
    found["moved"] = [answer.headers.get("location") for answer in moved]
    views = ask.get("/api/v2/plugins").json()["plugins"]
    found["frames"] = [
        view[name] for plugin in views for view in plugin["external_views"] for name in ("href", "icon")
    ]
    sys.stdout.write(RESULT + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
