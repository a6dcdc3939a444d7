"""What an audit found, and text as typed values.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `audit_result.py`.
"""
