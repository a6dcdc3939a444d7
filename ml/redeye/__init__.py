"""Redeye: an overnight machine-learning system that runs from the Airflow UI."""
