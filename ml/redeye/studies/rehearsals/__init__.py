"""Faults put into the data of a copy, and which guard notices them after how many nights.

May import every room below studies, and the study `evidence`, whose months and measures others share.
Begin with `rehearse_event.py`.
"""
