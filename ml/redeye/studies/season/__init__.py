"""What an installation did in a season, told from its own ledgers and outputs. Begin with `report_season.py`."""
