"""House rules, what is known in time, and the verdict on a change.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `impact_verdict.py`.
"""
