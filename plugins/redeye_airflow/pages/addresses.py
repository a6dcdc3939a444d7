"""Where the pages lie in Airflow's app, and what their requests carry from it."""

from __future__ import annotations

PREFIX = "/redeye"

AIRFLOW_APP = "redeye.airflow"
"""Key of a request's scope: Airflow's own app, whose API an action calls as the user who asked."""
