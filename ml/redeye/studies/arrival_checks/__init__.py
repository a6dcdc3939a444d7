"""How often clean deliveries are refused, and which faults are: measured. Begin with `run_arrival_checks.py`."""
