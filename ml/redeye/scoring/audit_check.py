"""Compares every file of this folder with what MANIFEST.json and explanation.json say. Needs Python alone."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def faults(folder: Path) -> list[str]:
    """What does not fit, in words; empty if everything does."""
    stated: dict[str, str] = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    found = [
        f"{name} is missing or altered"
        for name, sha256 in stated.items()
        if not (folder / name).is_file() or digest(folder / name) != sha256
    ]
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    found += [f"{name} is not in MANIFEST.json" for name in sorted(present - {*stated, "MANIFEST.json"})]
    if found:
        return found
    said: dict[str, Any] = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    model = folder / "model" / "model.json"
    if digest(model) != said["promotion"]["artifact_sha256"]:
        found.append("the model is not the one that was promoted")
    for name, sha256 in json.loads(model.read_text(encoding="utf-8"))["files"].items():
        if digest(folder / "model" / name) != sha256:
            found.append(f"model/{name} is not the file that was promoted")
    for path in sorted((folder / "deliveries").glob("*.csv")):
        if not digest(path).startswith(path.stem.rpartition("-")[2]):
            found.append(f"{path.name} is not what was delivered")
    if not said["is_reproduced"]:
        found.append("the probability was not the same when the archive was made")
    return found


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    wrong = faults(here)
    sys.stdout.write("\n".join(wrong or ["Everything fits."]) + "\n")
    sys.stdout.write(f"SHA-256 of MANIFEST.json: {digest(here / 'MANIFEST.json')}\n")
    sys.exit(bool(wrong))
