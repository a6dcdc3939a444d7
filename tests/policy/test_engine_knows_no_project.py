"""The engine knows no project: what only flights have stands in `ml/flights/`, in SQL, YAML and `redeye.yaml`."""

from __future__ import annotations

import re

from redeye.foundation.settings import PROJECT_ROOT

WORDS = re.compile(rb"flight|carrier|airport|nycflights|new.york", re.IGNORECASE)
ENGINE = ("ml/redeye", "plugins", "dags")
# No patterns: each file by its path, with why it says the words.
ALLOWED = {
    "ml/redeye/foundation/recorded_names.py": "names that installations recorded before the flights had a package",
}
MOST_ALLOWED = 10


def find_files_that_know() -> list[str]:
    return sorted(
        path.relative_to(PROJECT_ROOT).as_posix()
        for folder in ENGINE
        for path in (PROJECT_ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and WORDS.search(path.read_bytes())
    )


def test_only_files_that_are_named_with_a_reason_know_the_project() -> None:
    unknown = [path for path in find_files_that_know() if path not in ALLOWED]
    assert not unknown, f"say it in ml/flights/ or redeye.yaml, or of any project: {unknown}"


def test_the_list_is_short_and_holds_no_file_that_knows_nothing() -> None:
    assert len(ALLOWED) <= MOST_ALLOWED
    assert set(ALLOWED) <= set(find_files_that_know()), "take those off the list that say it no longer"
    assert all(len(reason.split()) >= 4 for reason in ALLOWED.values())
