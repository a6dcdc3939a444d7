"""Make or migrate MLflow's tables in the database whose URL standard input names.

As `mlflow db upgrade`, which takes the URL as an argument: every user of the machine can see those.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from mlflow import db

    db.commands.main(args=["upgrade", sys.stdin.read().strip()])
