"""What features are, without Feast and without the lake.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `feature_views.py`.
"""
