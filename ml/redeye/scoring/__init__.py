"""A night's predictions: scored, checked, written once, exported, explained, scored again.

May import champions and what lies below it.
Begin with `score.py`.
"""
