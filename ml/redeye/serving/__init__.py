"""Predictions over HTTP for consumers: read-only, by tokens of its own, from memory.

May import operations and what lies below it.
Begin with `app.py`.
"""
