"""The table of long tests keeps what each came to, and the rest of its page."""

from __future__ import annotations

from types import SimpleNamespace

import long_results
from long_results import LongResults, filled

TABLE = """
| test | shows | took | last result |
|---|---|---|---|
| `tests/e2e/test_a.py::test_one` | a season | 3.0 min | passed, 2026-01-01 |
| `tests/e2e/test_a.py::test_two` | another | not run yet | |
"""


def test_a_row_is_replaced_and_others_stay() -> None:
    page = filled(TABLE, {"tests/e2e/test_a.py::test_two": "9.5 min | failed, 2026-02-02"})
    assert page == TABLE.replace("| not run yet | |", "| 9.5 min | failed, 2026-02-02 |")


def test_cases_of_a_test_add_up_and_one_that_fails_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(long_results, "PAGE", tmp_path / "testing.md")
    long_results.PAGE.write_text(TABLE)
    kept = LongResults()
    for case, when, outcome in (
        ("a", "setup", "passed"),
        ("a", "call", "passed"),
        ("b", "setup", "passed"),
        ("b", "call", "failed"),
    ):
        nodeid = f"tests/e2e/test_a.py::test_two[{case}]"
        kept.pytest_runtest_logreport(
            SimpleNamespace(nodeid=nodeid, when=when, outcome=outcome, duration=30.0)
        )
    kept.pytest_sessionfinish()
    assert (
        "`tests/e2e/test_a.py::test_two` | another | 2.0 min | failed and passed, 20"
        in long_results.PAGE.read_text()
    )
