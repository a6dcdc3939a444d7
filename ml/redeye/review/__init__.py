"""A change before it merges: its impact, sandboxes, house rules, leaks of time, scaffolds.

May import operations and what lies below it.
Begin with `impact.py` and `check_house_rules.py`.
"""
