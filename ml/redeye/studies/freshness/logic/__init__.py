"""The numbers of the study, without files and servers: pure. Begin with `windows_and_ages.py`."""
