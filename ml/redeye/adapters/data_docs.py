"""Data Docs: one site per audit, built aside and moved into place whole.

Two processes at once cannot corrupt each other, what an earlier audit wrote is never rewritten, and the
same verdict again adds nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from redeye.core.audits import AuditResult

logger = logging.getLogger(__name__)


@contextmanager
def building_site(data_docs: Path | None) -> Iterator[Path | None]:
    """A folder to build a site in, removed at the end; None where no Data Docs are wanted."""
    if data_docs is None:
        yield None
        return
    data_docs.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=data_docs))
    try:
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)


def publish(building: Path, data_docs: Path, subject: str, results: Mapping[str, AuditResult]) -> Path:
    """Move a finished site to `<data_docs>/<subject>/<hash of its results>`; the first one stays."""
    verdicts = json.dumps(
        {name: result.to_dict() for name, result in results.items()}, sort_keys=True, default=str
    )
    data_docs = data_docs.resolve()
    target = data_docs / slug(subject) / hashlib.sha256(verdicts.encode()).hexdigest()[:12]
    for name, result in results.items():
        page = building / "refusals" / f"{slug(name)}.txt"
        if not result.is_success:
            page.parent.mkdir(exist_ok=True)
            page.write_text(result.message() + "\n", encoding="utf-8")
    _share_static(building, data_docs)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        try:
            building.rename(target)
        except OSError:
            if not target.exists():
                raise
            logger.info("Data Docs of %s were written by another process at the same time", subject)
    return target / "index.html"


def _share_static(building: Path, data_docs: Path) -> None:
    """One copy of fonts, images and styles (4 MB) for all sites; each links to it."""
    own, shared = building / "static", data_docs / "static"
    if not own.is_dir():
        return
    if not shared.exists():
        try:
            own.rename(shared)
        except OSError:
            if not shared.exists():
                raise
    if own.is_dir():
        shutil.rmtree(own)
    own.symlink_to(Path("..") / ".." / "static")


def slug(text: str) -> str:
    """The text as a name of files and folders."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:120]
