"""How good the algorithms are, month by month, by what was known before it. Begin with `run_evidence.py`."""
