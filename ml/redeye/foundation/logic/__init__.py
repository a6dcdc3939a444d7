"""What every room may show and keep.

Pure: may import mathematics and the rest of Python that asks nothing of the machine (`tests/policy/test_rooms.py`).
Begin with `visible_text.py`.
"""
