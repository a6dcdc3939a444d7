"""Airflow reads its environment when it is first imported: it gets a home of its own before that."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from redeye.settings import PROJECT_ROOT

HOME = Path(tempfile.gettempdir()) / f"redeye-test-airflow-{os.getpid()}"

os.environ["AIRFLOW_HOME"] = str(HOME)
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(PROJECT_ROOT / "dags")
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(PROJECT_ROOT / "plugins")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
