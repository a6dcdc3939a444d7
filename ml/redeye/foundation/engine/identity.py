"""Which engine is running, where no commit says it: its version, and a hash of all its code."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import redeye
from redeye.foundation.engine.places import CODE

PACKAGES = ("redeye", "redeye_airflow")
_HASH_LENGTH = 12


@lru_cache(maxsize=1)
def identify_engine() -> str:
    """Such as `redeye-0.1.0-3f2a90c1d4e5`: equal code has an equal name, wherever it is installed."""
    files = (path for name in PACKAGES for path in (CODE / name).rglob("*") if path.is_file())
    found = {path.relative_to(CODE).as_posix(): path for path in files if "__pycache__" not in path.parts}
    lines = (
        f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for name, path in sorted(found.items())
    )
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    return f"redeye-{redeye.__version__}-{digest[:_HASH_LENGTH]}"
