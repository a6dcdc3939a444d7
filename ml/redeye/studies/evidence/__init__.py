"""How good the algorithms are, month by month, each predicted by what was known before it.

May import every room below studies; backtest and freshness share its months and measures.
Begin with `run_evidence.py`.
"""
