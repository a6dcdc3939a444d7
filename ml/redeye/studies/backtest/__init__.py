"""What other schedules of trainings would have been worth, night by night. Begin with `run_backtest.py`."""
