"""What a command that waits for work tells of it: what is left, and how long that may take.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `remaining_time.py`.
"""
