"""What an installation did in a season, told from its own ledgers and outputs.

May import every room below studies, and the study `evidence`, whose months and measures others share.
Begin with `report_season.py`.
"""
