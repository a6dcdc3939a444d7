"""Which harmful candidates the gates refuse, and how often they refuse a good one.

May import every room below studies, and the study `evidence`, whose months and measures others share.
Begin with `rehearse_gates.py`.
"""
