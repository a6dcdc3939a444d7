"""What became of predictions: matured labels, quality, drift, and the verdict on a model.

May import scoring and what lies below it.
Begin with `monitor.py` and `logic/verdict.py`.
"""
