"""Which harmful candidates the gates refuse, and how many good ones. Begin with `rehearse_gates.py`."""
