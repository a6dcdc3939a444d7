"""The embedded stack: supervised servers, secrets, databases and roles, backups, the first run.

May import studies and what lies below it.
Begin with `lifecycle.py`, then `bootstrap.py`.
"""
