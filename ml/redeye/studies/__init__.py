"""Questions answered on past nights, a folder each; nothing that runs at night needs them.

May import review and what lies below it, and the study `evidence`, whose months and measures the others share.
Begin with `evidence/run_evidence.py`.
"""
