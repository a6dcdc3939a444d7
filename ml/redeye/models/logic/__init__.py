"""Fitting, splitting by nights, evaluating and choosing models.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `training.py`.
"""
