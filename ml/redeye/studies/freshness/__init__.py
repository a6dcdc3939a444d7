"""What the age of a model costs, and what a longer or shorter history is worth. Begin with `run_freshness.py`."""
