"""Hold the locked packages against what is known of vulnerabilities, but for what was looked at and waived."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import ENGINE
from redeye.review.logic.waivers import parse_waivers

WAIVERS = "requirements-waivers.txt"
LOCKS = ("requirements-bootstrap.lock", "requirements-dev.lock")
"""What is installed: the second holds all of `requirements.lock`."""
_PINNED = re.compile(r"^[\w.-]+(?:\[[\w,]+\])?==[^\s\\;]+", re.MULTILINE)


def audit_packages(options: Sequence[str], *, today: date, root: Path = ENGINE) -> bool:
    """Ask a service of vulnerabilities about each locked package, by pip-audit, which prints what it finds.

    Args:
        options: for pip-audit, such as another service.
        today: the day on which waivers count.
        root: folder of the locks and the waivers.

    Returns:
        Whether nothing was found that is not waived; also false where the service did not answer.

    Raises:
        ConfigError: naming the line of a waiver that says too little or has run out.
    """
    path = root / WAIVERS
    if not path.exists():
        raise ConfigError(f"{path} is not there: packages are held against vulnerabilities in a checkout")
    waived = []
    for waiver in parse_waivers(path.read_text(encoding="utf-8"), path.name):
        if waiver.until < today:
            raise ConfigError(
                f"{path}, line {waiver.line}: the waiver of {waiver.vulnerability} ended on {waiver.until}; "
                "update the package, or look again and give it another day"
            )
        waived += ["--ignore-vuln", waiver.vulnerability]
    locks = "".join((root / lock).read_text(encoding="utf-8") for lock in LOCKS)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pinned:
        # Without their hashes: pip-audit takes those of all packages or of none, and torch has none.
        pinned.write("\n".join(_PINNED.findall(locks)))
        pinned.flush()
        command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--no-deps", *waived]
        command += ["--requirement", pinned.name, *options]
        return subprocess.run(command, check=False).returncode == 0
