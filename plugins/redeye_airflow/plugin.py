"""Registers with Airflow what it must find by name: the timetables, and the pages of the operator."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from redeye_airflow.pages.addresses import PREFIX
from redeye_airflow.pages.mount import Pages
from redeye_airflow.timetables import CalendarTimetable, NightTimetable

# The one process that serves pages has this module; all the others load plugins too.
_SERVER = "airflow.api_fastapi.main"

_pages = Pages()
# The frame and its icon are asked for as written here: below the path at which people reach Airflow.
_ROOT = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/") + PREFIX


class RedeyePlugin(AirflowPlugin):
    """Every Airflow component loads this at start; a change needs a restart of all of them."""

    name = "redeye"
    timetables = [CalendarTimetable, NightTimetable]  # noqa: RUF012  declared so by Airflow
    fastapi_apps = [{"app": _pages, "url_prefix": PREFIX, "name": "Redeye"}]  # noqa: RUF012  declared so by Airflow
    external_views = [  # noqa: RUF012  declared so by Airflow
        {
            "name": "Redeye",
            "href": f"{_ROOT}/",
            "destination": "nav",
            "url_route": "redeye",
            "nav_top_level": True,
            "icon": f"{_ROOT}/static/icon.svg",
            "icon_dark_mode": f"{_ROOT}/static/icon_dark.svg",
        }
    ]

    @classmethod
    def on_load(cls, *args: Any, **kwargs: Any) -> None:  # noqa: ARG003, ANN401  Airflow's own
        """Prepare the pages at the server's start, not at the first visitor's cost."""
        if _SERVER in sys.modules:
            _pages.warm()
