"""When a training is due, and which candidate may replace the champion.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `gates.py`.
"""
