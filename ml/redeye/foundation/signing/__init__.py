"""Signatures: what the installation states about its decisions and what it gives away, by a key that tasks cannot read.

May import foundation alone.
Begin with `sign.py`, then `public_keys.py`: what is stated is in `logic/statements.py`.
"""
