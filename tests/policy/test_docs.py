"""Docs that cannot rot: every link leads somewhere, and every page named in code is there."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from redeye.foundation.settings import PROJECT_ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", flags=re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"(?<![\w/])docs/(?:[\w-]+/)*[\w-]+\.md")


def files(*patterns: str) -> list[str]:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    found = subprocess.run(listed, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in found.splitlines() if (PROJECT_ROOT / name).is_file()]


PAGES = files("*.md")


def anchors(page: str) -> set[str]:
    """What a heading is linked by: lower case, without punctuation, with hyphens."""
    text = FENCE.sub("", (PROJECT_ROOT / page).read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str):
    text = FENCE.sub("", (PROJECT_ROOT / page).read_text(encoding="utf-8"))
    broken = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page  # noqa: PTH118, PTH120
        if not (PROJECT_ROOT / target).exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_named_in_code_is_there():
    named = {
        (name, page)
        for name in files("*.py", "*.yml", "*.yaml", "*.html", "*.sh", "*.sql", "*.j2", "Makefile", "*.md")
        for page in NAMED.findall((PROJECT_ROOT / name).read_text(encoding="utf-8"))
    }
    assert {(name, page) for name, page in named if not (PROJECT_ROOT / page).is_file()} == set()
