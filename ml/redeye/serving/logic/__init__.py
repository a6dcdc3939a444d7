"""What a request asks for, which rows answer it, and whose token may ask.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `queries.py`.
"""
