"""Backups: what they hold, how they are made, checked and restored.

May import what the room stack may.
Begin with `backup.py`.
"""
