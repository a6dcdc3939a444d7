"""Keeps the table of `docs/testing.md`: what each long test took when it last ran, and how it ended."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from redeye.foundation.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "testing.md"
ROW = re.compile(r"^\| `(?P<test>tests/[^`]+)` \| (?P<what>[^|\n]+) \|[^\n]*$", flags=re.MULTILINE)


def filled(page: str, results: Mapping[str, str]) -> str:
    """The page with the last columns of the rows whose tests have run."""

    def row(found: re.Match[str]) -> str:
        result = results.get(found["test"])
        return found[0] if result is None else f"| `{found['test']}` | {found['what']} | {result} |"

    return ROW.sub(row, page)


class LongResults:
    """Adds up what the tests report, all cases of a test in one row."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.outcomes: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for set-up, call and teardown of each case; what its fixtures take counts as its own."""
        test = report.nodeid.partition("[")[0]
        self.seconds[test] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[test].add(report.outcome)

    def pytest_sessionfinish(self) -> None:
        """Called at the end of the run, however it ended."""
        today = datetime.now(UTC).date()
        results = {
            test: f"{self.seconds[test] / 60:.1f} min | {' and '.join(sorted(outcomes))}, {today}"
            for test, outcomes in self.outcomes.items()
        }
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
