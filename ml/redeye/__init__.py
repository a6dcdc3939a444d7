"""Redeye: an overnight machine-learning system that runs from the Airflow UI."""

from redeye.foundation.recorded_names import keep_recorded_names

__version__ = "0.1.0"

keep_recorded_names()
