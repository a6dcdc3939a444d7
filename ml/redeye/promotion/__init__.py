"""Everything that changes the champion: requests, training, gates, registration, approval, rollback.

May import monitoring and what lies below it.
Begin with `train.py` and `logic/gates.py`; `decide.py` says when.
"""
