"""Faults put into the data of a copy, and which guard notices them when. Begin with `rehearse_event.py`."""
