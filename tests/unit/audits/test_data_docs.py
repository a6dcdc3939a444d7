"""The index of all audits."""

from __future__ import annotations

import os
import re
from pathlib import Path

from redeye.audits import data_docs


def site(root: Path, subject: str, name: str, written_at: int, *, is_refused: bool = False) -> None:
    folder = root / subject / name
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("a site")
    if is_refused:
        (folder / "refusals").mkdir()
    os.utime(folder, (written_at, written_at))


def listed(root: Path) -> list[tuple[str, str]]:
    text = (root / "index.html").read_text()
    return re.findall(r'<a href="([^"]+)/index\.html">.*class="(\w+)"', text)


def test_audits_are_listed_newest_last_with_their_verdicts(tmp_path):
    site(tmp_path, "night-2", "bbb", 200)
    site(tmp_path, "night-1", "aaa", 100, is_refused=True)
    (tmp_path / "static").mkdir()
    (tmp_path / ".building-x").mkdir()
    data_docs.write_index(tmp_path)
    assert listed(tmp_path) == [("night-1/aaa", "refused"), ("night-2/bbb", "passed")]
    assert "2 audits" in (tmp_path / "index.html").read_text()
    assert not list(tmp_path.glob(".index*"))


def test_the_list_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(data_docs, "LISTED", 2)
    for number in range(4):
        site(tmp_path, "night", f"site-{number}", number)
    data_docs.write_index(tmp_path)
    assert [address for address, _ in listed(tmp_path)] == ["night/site-2", "night/site-3"]
    assert "The last 2 of 4 audits" in (tmp_path / "index.html").read_text()


def test_an_audit_that_another_process_adds_meanwhile_is_listed(tmp_path, monkeypatch):
    site(tmp_path, "night", "first", 100)
    page = data_docs._page

    def slowly(sites):
        if not (tmp_path / "night" / "second").exists():
            site(tmp_path, "night", "second", 200)
        return page(sites)

    monkeypatch.setattr(data_docs, "_page", slowly)
    data_docs.write_index(tmp_path)
    assert [address for address, _ in listed(tmp_path)] == ["night/first", "night/second"]
