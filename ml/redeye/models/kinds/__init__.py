"""The kinds of targets: what a model of each is asked, how its answers are judged, watched and shown.

Pure: may import mathematics, declarations, the algorithms, and the logic of this and lower rooms. Begin with
`interface.py`; a kind is `<name>_spec.py`, what a spec of it may say, and `<name>.py`, what it does.
"""
