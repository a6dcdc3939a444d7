"""The numbers of the study, without files and servers: pure. Begin with `made_nights.py`."""
