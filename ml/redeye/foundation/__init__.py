"""What every room stands on: settings, errors, Postgres and the lease, migrations, disk, git, costs, page templates.

Imports no other room.
Begin with `settings.py`, then `postgres.py` and `lease.py`.
"""
