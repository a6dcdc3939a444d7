"""The audit fails closed: on wrong shapes, on exceptions, on what was not evaluated; and keeps its Data Docs."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from redeye.audits import great_expectations_runner
from redeye.audits.audit import audit, audit_many
from redeye.foundation.errors import AuditRefused, ConfigError
from redeye.foundation.settings import PROJECT_ROOT

SUITE = """
description: Temperatures of a test.
key: [night, name]
types: {night: date, name: text, degrees: float}
may_be_null: [degrees]
exceptions:
  - {night: 2013-02-12, column: degrees, because: A broken thermometer.}
expectations:
  - expect: expect_column_values_to_be_between
    column: degrees
    kwargs: {min_value: 0, max_value: 100}
    because: Water is liquid.
  - expect: expect_column_values_to_be_unique
    column: name
    because: Names are identities.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one suite, `water`."""
    (tmp_path / "water.yml").write_text(textwrap.dedent(SUITE))
    return tmp_path


def frame(*degrees: str, night: str = "2013-01-01") -> pd.DataFrame:
    names = [f"n{place}" for place in range(len(degrees))]
    return pd.DataFrame({"night": night, "name": names, "degrees": list(degrees)})


def test_a_refusal_names_everything_and_is_kept_in_data_docs(root: Path) -> None:
    docs = root / "docs"
    result = audit(
        "water", frame("20", "300.5", "NA"), subject="water of 2013-01-01", data_docs=docs, root=root
    )

    message = result.message()
    for part in (
        "water",
        "expect_column_values_to_be_between",
        "degrees",
        "300.5",
        "name=n1",
        "liquid",
        "docs",
    ):
        assert part in message
    page = Path(str(result.docs_path))
    assert page.is_file()
    assert list(page.parent.glob("validations/**/*.html"))
    assert (page.parent / "refusals" / "water.txt").read_text().startswith("Audit refused")
    with pytest.raises(AuditRefused, match="degrees"):
        result.raise_if_refused()

    audit("water", frame("20"), subject="water of 2013-01-01", data_docs=docs, root=root)
    assert page.is_file(), "a later audit of the same subject removed the refusal"


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


@pytest.mark.parametrize(
    ("column", "damage"),
    [
        ("degrees", lambda f: f.drop(columns="degrees")),
        ("surprise", lambda f: f.assign(surprise="1")),
        ("name, night", lambda f: f[["name", "night", "degrees"]]),
        ("name", lambda f: f.set_axis(["night", "name", "name"], axis=1)),
        (None, lambda f: f.iloc[:0]),
        ("name", lambda f: f.assign(name="NA")),
        ("name", lambda f: f.assign(name="")),
        ("name", lambda f: f.assign(name=3)),
        ("degrees", lambda f: f.assign(degrees="20 C")),
        ("degrees", lambda f: f.assign(degrees="inf")),
        ("degrees", lambda f: f.assign(degrees="nan")),
        ("degrees", lambda f: f.assign(degrees=float("inf"))),
        ("degrees", lambda f: f.assign(degrees="1e999")),
        ("degrees", lambda f: f.assign(degrees="٣")),
        ("night", lambda f: f.assign(night="2013-02-30")),
    ],
    ids=[
        "column missing",
        "column too many",
        "wrong order",
        "column twice",
        "no rows",
        "NA for a text",
        "empty text",
        "number for a text",
        "unit in a number",
        "inf as text",
        "nan as text",
        "infinite number",
        "number too large",
        "digits of another script",
        "no such day",
    ],
)
def test_a_wrong_shape_is_a_failure_that_names_the_column(
    column: str | None, damage: Callable[[pd.DataFrame], pd.DataFrame], root: Path
) -> None:
    result = audit("water", damage(frame("20", "30")), subject="water", root=root)
    assert not result.is_success
    assert column in [failure.column for failure in result.failures]


def test_a_known_fault_is_accepted_in_its_night_only(root: Path) -> None:
    known, other = (
        frame("300", night="2013-02-12"),
        frame("20", "300", night="2013-02-13").assign(name=["a", "b"]),
    )
    assert audit("water", known, subject="water", root=root).is_success
    result = audit("water", pd.concat([known, other]), subject="water", root=root)
    assert [night.isoformat() for night in result.failed_nights] == ["2013-02-13"]
    assert "1 of 3 rows" in result.failures[0].observed


def test_an_exception_inside_an_expectation_refuses(root: Path) -> None:
    suite = root / "broken.yml"
    suite.write_text(
        (root / "water.yml").read_text().replace("be_unique", "match_regex\n    kwargs: {regex: '('}")
    )
    result = audit("broken", frame("20"), subject="water", root=root)
    assert "could not be evaluated" in result.message()


def test_fewer_expectations_evaluated_than_declared_refuses(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = great_expectations_runner._build

    class Forgetful(list):  # type: ignore[type-arg]
        """Claims one expectation more than there is."""

        def __len__(self) -> int:
            return super().__len__() + 1

    monkeypatch.setattr(great_expectations_runner, "_build", lambda *args: Forgetful(build(*args)))
    result = audit("water", frame("20"), subject="water", root=root)
    assert [failure.expectation for failure in result.failures] == ["evaluated"]


def test_an_unforeseen_error_while_deriving_columns_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(_: pd.DataFrame) -> pd.DataFrame:
        raise ValueError("no such thing")

    monkeypatch.setattr("redeye.audits.audit._derive_step", lambda suite: break_down)
    airlines = pd.DataFrame(
        {"carrier": ["AA"], "name": ["A"], "known_at": ["2013-01-01T00:00:00Z"], "night": ["2012-12-31"]}
    )
    result = audit("arrivals/airlines", airlines, subject="airlines")
    assert "no such thing" in result.message()


def test_arguments_that_the_expectation_does_not_know_are_refused_by_file_and_line(root: Path) -> None:
    (root / "water.yml").write_text((root / "water.yml").read_text().replace("max_value", "max_valeu"))
    with pytest.raises(ConfigError, match=r"(?s)water\.yml:9: .*max_valeu"):
        audit("water", frame("20"), subject="water", root=root)


def test_nothing_to_audit_is_an_error() -> None:
    with pytest.raises(ConfigError, match="nothing to audit"):
        audit_many({}, subject="nothing")
