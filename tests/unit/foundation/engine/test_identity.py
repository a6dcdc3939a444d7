"""Equal code has an equal name, and other code another."""

from __future__ import annotations

from pathlib import Path

from redeye.foundation.engine import identity


def name(monkeypatch, folder: Path) -> str:
    monkeypatch.setattr(identity, "CODE", folder)
    return identity.identify_engine.__wrapped__()


def test_a_name_follows_from_what_the_files_hold_and_where_they_lie(tmp_path, monkeypatch):
    found = []
    for at, content in (("a", "x = 1"), ("a", "x = 1"), ("a", "x = 2"), ("b", "x = 1")):
        folder = tmp_path / str(len(found))
        (folder / "redeye" / "__pycache__").mkdir(parents=True)
        (folder / "redeye" / f"{at}.py").write_text(content)
        (folder / "redeye" / "__pycache__" / "a.pyc").write_text(str(len(found)))
        found.append(name(monkeypatch, folder))
    assert found[0] == found[1]
    assert len(set(found)) == 3
    assert found[0].startswith("redeye-0.")
