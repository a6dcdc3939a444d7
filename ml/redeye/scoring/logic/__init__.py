"""Predictions as rows, their checks and their explanation.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `predictions.py`.
"""
