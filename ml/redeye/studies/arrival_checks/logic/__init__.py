"""The numbers of the study, without files and audits: pure. Begin with `trials.py`."""
