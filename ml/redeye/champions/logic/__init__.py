"""Who served when, and to whom a model can return.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `succession.py`.
"""
