"""What a release is, what a column is made of, and when it was known.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `releases.py`.
"""
