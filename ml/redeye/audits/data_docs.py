"""Data Docs: one site per audit, built aside and moved into place whole, and an index of them all.

Two processes at once cannot corrupt each other, what an earlier audit wrote is never rewritten, and the
same verdict again adds nothing. Only the index is written again, after each audit.
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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from redeye.audits.logic.audit_result import AuditResult
from redeye.foundation.atomic_files import write_text
from redeye.foundation.logic.visible_text import make_storable
from redeye.foundation.pages import render_html

logger = logging.getLogger(__name__)

INDEX = "index.html"
STATIC = "static"
REFUSALS = "refusals"
RESULTS = "audit.json"
"""In each site: what every expectation came to, which the pages of the operator show."""
LISTED = 1000
_INDEX_TRIES = 5


@contextmanager
def open_build_folder(data_docs: Path | None) -> Iterator[Path | None]:
    """A folder to build a site in, removed at the end; None where no Data Docs are wanted, or none can be written."""
    if data_docs is None:
        yield None
        return
    try:
        data_docs.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=data_docs))
    except OSError:
        logger.exception("no Data Docs can be written to %s", data_docs)
        yield None
        return
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
    suites = [
        result.to_dict() | {"checks": [vars(each) for each in result.checks]} for result in results.values()
    ]
    text = json.dumps(make_storable({"subject": subject, "suites": suites}), default=str)
    (building / RESULTS).write_text(text, encoding="utf-8")
    for name, result in results.items():
        page = building / REFUSALS / f"{slug(name)}.txt"
        if not result.is_success:
            page.parent.mkdir(exist_ok=True)
            page.write_text(result.message() + "\n", encoding="utf-8")
    _share_static(building, data_docs)
    target.parent.mkdir(parents=True, exist_ok=True)
    _move_first(building, target)
    write_index(data_docs)
    return target / INDEX


@dataclass(frozen=True, order=True)
class Site:
    """One audit's site, as its folder tells of it."""

    written_at: float
    subject: str
    folder: str
    is_refused: bool

    @property
    def verdict(self) -> str:
        """As the index and its style call it."""
        return "refused" if self.is_refused else "passed"

    @property
    def written(self) -> datetime:
        """When, in UTC."""
        return datetime.fromtimestamp(self.written_at, UTC)


def write_index(data_docs: Path) -> None:
    """Write `index.html`: every audit that has a folder, up to the newest `LISTED`, with its verdict.

    Of two processes at once, the one that writes last looks again afterwards: no audit is left out.
    """
    for _ in range(_INDEX_TRIES):
        sites = list_sites(data_docs)
        write_text(data_docs / INDEX, _page(sites))
        if list_sites(data_docs) == sites:
            return


def list_sites(data_docs: Path) -> list[Site]:
    """The audits whose sites are kept, the oldest first."""
    found = []
    for subject in data_docs.iterdir():
        if subject.name.startswith(".") or subject.name == STATIC or not subject.is_dir():
            continue
        for site in subject.iterdir():
            if (site / INDEX).is_file():
                is_refused = (site / REFUSALS).is_dir()
                found.append(Site(site.stat().st_mtime, subject.name, site.name, is_refused))
    return sorted(found)


def _page(sites: list[Site]) -> str:
    return render_html("audits/data_docs_index.html.j2", sites=sites, listed=LISTED, index=INDEX)


def _share_static(building: Path, data_docs: Path) -> None:
    """One copy of fonts, images and styles (4 MB) for all sites; each links to it."""
    own, shared = building / STATIC, data_docs / STATIC
    if not own.is_dir():
        return
    _move_first(own, shared)
    if own.is_dir():
        shutil.rmtree(own)
    own.symlink_to(Path("..") / ".." / STATIC)


def _move_first(made: Path, target: Path) -> None:
    """Move a folder to its place, unless there is one."""
    if target.exists():
        return
    try:
        made.rename(target)
    except OSError:
        if not target.exists():
            raise
        logger.info("%s was written by another process at the same time", target)


def slug(text: str) -> str:
    """The text as a name of files and folders."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:120]
