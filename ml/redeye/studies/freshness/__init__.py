"""What the age of a model costs, and what a longer or shorter history is worth.

May import every room below studies, and the study `evidence`, whose months and measures others share.
Begin with `run_freshness.py`.
"""
