"""What a source and a delivery are, and the faults of rehearsals.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `deliveries.py`.
"""
