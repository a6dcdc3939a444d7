"""Prediction files for consumers: Parquet and CSV with a manifest that is written last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.core.errors import AlreadyDecided
from redeye.settings import settings

SCHEMA_VERSION = 1


def export(frame: pd.DataFrame, *, model: str, night: date) -> Path:
    """Write a night's predictions to `<exports>/<model>/<night>/`.

    The folder appears whole: it is filled beside its place and renamed into it, and `manifest.json`
    (schema version, rows, SHA-256 per file, release, `is_complete`) is its last file. A second export of
    the same rows changes nothing.

    Args:
        frame: predictions, one row per flight.
        model: whose predictions.
        night: of which night.

    Returns:
        The folder.

    Raises:
        AlreadyDecided: if the folder holds other rows.
    """
    folder = settings().exports / model / night.isoformat()
    digest = _content_hash(frame)
    if (folder / "manifest.json").is_file():
        standing = json.loads((folder / "manifest.json").read_text())["content_sha256"]
        if standing != digest:
            raise AlreadyDecided(
                f"{folder} was exported with other rows ({standing[:12]}, now {digest[:12]})"
            )
        return folder
    making = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    frame.to_parquet(making / "predictions.parquet", index=False, coerce_timestamps="us")
    frame.to_csv(making / "predictions.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    (making / "manifest.json").write_text(
        json.dumps(_manifest(frame, making, model, night, digest), indent=2) + "\n"
    )
    if folder.exists():  # left without a manifest by a crash
        shutil.rmtree(folder)
    making.rename(folder)
    return folder


def _manifest(frame: pd.DataFrame, making: Path, model: str, night: date, digest: str) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "model": model,
        "night": night.isoformat(),
        "coming_day": str(frame["flight_date"].iloc[0])[:10] if len(frame) else None,
        "rows": len(frame),
        "columns": {name: str(dtype) for name, dtype in frame.dtypes.items()},
        "release_id": sorted(set(frame["release_id"])),
        "model_version": sorted({int(version) for version in frame["model_version"]}),
        "is_degraded": bool(frame["is_degraded"].any()),
        "content_sha256": digest,
        "files": {
            path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
            for path in sorted(making.iterdir())
        },
        "is_complete": True,
    }


def _content_hash(frame: pd.DataFrame) -> str:
    """Over the rows' text, so that it does not depend on the Parquet writer."""
    return hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
