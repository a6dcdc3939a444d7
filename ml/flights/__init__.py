"""The built-in project's Python: its sources, what is computed of its data for audits, its faults for rehearsals.

May import foundation, declarations, audits and sources of the engine, which finds it by what `redeye.yaml` names.
Begin with `nycflights13.py`.
"""
