"""Maturity, quality and drift in numbers, and the verdict on them.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `verdict.py`.
"""
