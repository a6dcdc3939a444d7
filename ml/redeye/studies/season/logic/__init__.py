"""The numbers of the study, without files and servers.

Pure: may import mathematics, declarations, and the logic of this and lower rooms (`tests/policy/test_rooms.py`).
Begin with `season_quality.py`.
"""
