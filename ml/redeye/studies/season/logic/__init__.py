"""The numbers of the study, without files and servers: pure. Begin with `season_quality.py`."""
