"""What other schedules of trainings would have been worth, night by night.

May import every room below studies, and the study `evidence`, whose months and measures others share.
Begin with `run_backtest.py`.
"""
