"""A file appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.foundation.atomic_files import make_folder, replace_file, write_text


def test_text_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    for text in ("first", "zweitens: ü"):
        write_text(path, text)
    assert path.read_text(encoding="utf-8") == "zweitens: ü"
    assert list(path.parent.iterdir()) == [path]


def test_after_an_error_the_old_file_stands_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError), replace_file(path) as making:
        making.write_text("half" * 100_000 + "ü", encoding="ascii")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_whole_and_after_an_error_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(FileNotFoundError), make_folder(path) as making:
        (making / "missing" / "half").touch()
    assert list(tmp_path.iterdir()) == []
    with make_folder(path) as making:
        (making / "whole").touch()
        assert not path.exists()
    assert list(tmp_path.rglob("*")) == [path, path / "whole"]


def test_a_folder_takes_the_place_of_another_only_where_it_is_to(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with make_folder(path) as making:
        (making / "old").touch()
    with pytest.raises(OSError, match="not empty"), make_folder(path) as making:
        (making / "new").touch()
    assert list(tmp_path.rglob("*")) == [path, path / "old"]
    with make_folder(path, is_replacing=True) as making:
        (making / "new").touch()
    assert list(tmp_path.rglob("*")) == [path, path / "new"]
