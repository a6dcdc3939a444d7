"""Questions answered on past nights, a folder each; nothing that runs at night needs them.

May import review and what lies below it.
Begin with `evidence/run_evidence.py`.
"""
