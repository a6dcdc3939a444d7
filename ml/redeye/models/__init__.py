"""Algorithms, how they are fitted, compared and chosen, and the registry that keeps versions.

May import features and what lies below it.
Begin with `logic/training.py`, then `mlflow_registry.py`.
"""
