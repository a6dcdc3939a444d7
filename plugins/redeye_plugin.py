"""Registers with Airflow what it must find by name: the timetables."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from redeye_airflow.timetables import CalendarTimetable, NightTimetable


class RedeyePlugin(AirflowPlugin):
    """Every Airflow component loads this at start; a change needs a restart of all of them."""

    name = "redeye"
    timetables = [CalendarTimetable, NightTimetable]  # noqa: RUF012  declared so by Airflow
