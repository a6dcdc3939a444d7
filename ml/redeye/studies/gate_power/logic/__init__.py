"""The numbers of the study, without files and servers: pure. Begin with `harmful_candidates.py`."""
