"""What a model was made with: Python, the lock of all packages, and the versions of those that count."""

from __future__ import annotations

import hashlib
import platform
from functools import lru_cache
from importlib.metadata import version

from redeye.foundation.settings import ENGINE

LOCK = ENGINE / "requirements.lock"
PACKAGES = ("numpy", "pandas", "scikit-learn", "mlflow", "feast")


def list_packages(names: tuple[str, ...]) -> list[str]:
    """Distributions with the versions that are installed, as pip writes them.

    Raises:
        importlib.metadata.PackageNotFoundError: if one is not installed.
    """
    return [f"{name}=={version(name)}" for name in names]


def read_software(packages: tuple[str, ...] = ()) -> dict[str, str]:
    """For tags: the Python, the lock's hash, and the packages that the project and one algorithm stand on."""
    return {
        "python": platform.python_version(),
        "requirements_lock": _lock_hash(),
        "packages": " ".join(list_packages(tuple(dict.fromkeys((*PACKAGES, *packages))))),
    }


@lru_cache(maxsize=1)
def _lock_hash() -> str:
    # An image may hold the packages without the file.
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16] if LOCK.exists() else "unknown"
