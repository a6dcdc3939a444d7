"""Data Docs of audits: whole, once, escaped, and no part of the verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from redeye.audits.audit import audit
from redeye.foundation.settings import PROJECT_ROOT

from .water_suite import frame, write_suite  # noqa: TID252 - the tests are no package of their own


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_suite(tmp_path)


def test_the_same_audit_again_adds_nothing_to_data_docs(root: Path) -> None:
    docs = root / "docs"
    pages = {
        audit("water", frame("20"), subject="water", data_docs=docs, root=root).docs_path for _ in range(2)
    }
    assert len(pages) == 1
    assert len(list((docs / "water").iterdir())) == 1
    assert not list(docs.glob(".building-*"))


def test_two_processes_at_once_write_whole_data_docs(root: Path) -> None:
    program = f"""
        import pandas as pd, pathlib
        from redeye.audits.audit import audit
        root = pathlib.Path({str(root)!r})
        for degrees in ("20", "200", "20", "200"):
            frame = pd.DataFrame({{"night": ["2013-01-01"], "name": ["n0"], "degrees": [degrees]}})
            print(audit("water", frame, subject="water", data_docs=root / "docs", root=root).docs_path)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "ml")}
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)]
    pages = {page for process in both for page in process.communicate()[0].split()}
    assert [process.returncode for process in both] == [0, 0]
    assert len(pages) == 2
    for page in pages:
        assert Path(page).is_file()
        assert (Path(page).parent / "static" / "styles").is_dir()


def test_data_docs_that_cannot_be_written_do_not_change_the_verdict(root: Path) -> None:
    (root / "docs").write_text("a file where a folder should be")
    for docs in (root / "docs", root / "docs" / "below"):
        result = audit("water", frame("20"), subject="water", data_docs=docs, root=root)
        assert (result.is_success, result.docs_path) == (True, None)
        assert "No Data Docs: " in result.message()
        assert str(docs) in str(result.to_dict()["docs_fault"])


def test_a_page_that_cannot_be_rendered_is_said_beside_the_verdict(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_args: object, **_kwargs: object) -> Path:
        raise TypeError("a value that no page can show")

    monkeypatch.setattr("redeye.audits.audit.publish", stumble)
    for value, is_success in (("20", True), ("999", False)):
        result = audit("water", frame(value), subject="water", data_docs=root / "docs", root=root)
        assert (result.is_success, result.docs_path) == (is_success, None)
        assert "a value that no page can show" in result.message()


ATTACK = "<script>alert(1)</script>"
ATTACKED_SUITE = """
description: Temperatures of a test.
key: [night, name]
types: {night: date, name: text, "<b>degrees": float}
expectations:
  - expect_column_values_to_be_between: {column: "<b>degrees", min_value: 0, max_value: 100}
    because: Water is <i>liquid</i> & wet.
  - expect_column_values_to_match_regex: {column: name, regex: "^<u>"}
    because: Names begin with a mark.
  - expect_table_row_count_to_be_between: {min_value: 1, max_value: 9}
    because: A thermometer is read.
"""


def test_a_value_that_is_a_script_is_text_in_data_docs(root: Path) -> None:
    (root / "attacked.yml").write_text(textwrap.dedent(ATTACKED_SUITE))
    rows = frame("20", "300").set_axis(["night", "name", "<b>degrees"], axis=1)
    rows["name"] = [ATTACK, '"></td><img src=x onerror=alert(2)>']
    docs = root / "docs"
    result = audit("attacked", rows, subject=f"water {ATTACK}", data_docs=docs, root=root)
    assert not result.is_success
    site = Path(str(result.docs_path)).parent
    (page,) = site.glob("validations/**/*.html")
    for path in (page, site / "index.html", docs / "index.html"):
        text = path.read_text(encoding="utf-8")
        for raw in (ATTACK, "<img src=x", "<b>degrees", "<i>liquid", "^<u>", "</td><img"):
            assert raw not in text, (path, raw)
    text = page.read_text(encoding="utf-8")
    for shown in (
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&lt;b&gt;degrees",
        "^&lt;u&gt;",
        "&lt;img src=x onerror",
    ):
        assert shown in text
    assert "&amp;lt;" not in text


def test_what_each_expectation_came_to_is_kept_beside_its_page(root: Path) -> None:
    result = audit("water", frame("20", "300.5"), subject="water", data_docs=root / "docs", root=root)
    kept = json.loads((Path(str(result.docs_path)).parent / "audit.json").read_text(encoding="utf-8"))
    assert kept["subject"] == "water"
    (suite,) = kept["suites"]
    assert suite["failures"][0]["examples"][0]["degrees"] == "300.5"
    assert {check["column"]: check for check in suite["checks"]} == {
        "degrees": {
            "suite": "water",
            "expectation": "expect_column_values_to_be_between",
            "column": "degrees",
            "bound": '{"min_value": 0, "max_value": 100}',
            "observed": suite["failures"][0]["observed"],
            "because": "Water is liquid.",
            "is_met": False,
        },
        "name": {
            "suite": "water",
            "expectation": "expect_column_values_to_be_unique",
            "column": "name",
            "bound": "",
            "observed": "0 of 2 rows unexpected",
            "because": "Names are identities.",
            "is_met": True,
        },
    }
