"""Which alerts are due, and what maintenance may remove.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `alerts.py`.
"""
