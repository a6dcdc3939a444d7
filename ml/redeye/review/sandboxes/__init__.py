"""Lakes of a developer's own over a release, in which an edit is built and compared.

May import what `review/` may. Begin with `sandbox.py`.
"""
