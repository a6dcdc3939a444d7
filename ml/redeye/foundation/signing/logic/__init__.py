"""What a statement is, and the one text that is signed.

Pure: may import errors (`tests/policy/test_rooms.py`).
Begin with `statements.py`.
"""
