"""What a project declares, parsed once and refused on load: clock, source, subjects, specs of models.

May import foundation.
Begin with `project.py` and `specs.py`.
"""
