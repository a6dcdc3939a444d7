"""Airflow from outside: its API, the first run, the calendar that a live installation keeps.

May import what the room stack may.
Begin with `airflow_api.py`.
"""
