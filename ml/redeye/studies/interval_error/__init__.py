"""How often intervals of nights err, and what they find: measured. Begin with `run_interval_error.py`."""
