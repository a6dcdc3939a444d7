"""The audit fails closed: on wrong shapes, on exceptions, on what was not evaluated; and keeps its Data Docs."""

from __future__ import annotations

import json
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

    monkeypatch.setattr("redeye.audits.audit._derive_step", lambda suite, root: break_down)
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


def test_what_cannot_be_seen_is_refused_shown_and_kept(root: Path) -> None:
    docs = root / "docs"
    rows = frame("20", "30").assign(name=["n1\0", "n1"])
    result = audit("water", rows, subject="water", data_docs=docs, root=root)
    assert [(failure.expectation, failure.column) for failure in result.failures] == [("types", "name")]
    assert r"1 of 2 values hold characters that cannot be seen: 'n1\x00'" in result.message()
    assert result.failures[0].examples == ({"night": "2013-01-01", "name": r"n1\x00"},)
    kept = next(docs.rglob("refusals/water.txt")).read_text(encoding="utf-8")
    assert "\0" not in kept + str(result.to_dict())


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "degrees\r",
            "column degrees\\r: a stray carriage return: have the file's lines end with a line feed alone",
        ),
        (
            "\ufeffdegrees",
            "column '\\ufeffdegrees': characters that cannot be seen before or behind the name",
        ),
        (" degrees", "column ' degrees': characters that cannot be seen before or behind the name"),
    ],
)
def test_a_marred_name_of_a_column_is_named_as_such(root: Path, written: str, said: str) -> None:
    result = audit("water", frame("20").rename(columns={"degrees": written}), subject="water", root=root)
    assert len(result.failures) == 1
    assert said in result.message()


def test_the_cause_stands_before_what_follows_from_it(root: Path) -> None:
    suite = SUITE.replace("may_be_null:", "derived: {doubled: Twice the degrees.}\nmay_be_null:").replace(
        "expectations:",
        "expectations:\n"
        "  - {expect: expect_column_values_to_be_between, column: doubled, kwargs: {max_value: 200},"
        " because: Twice water.}",
    )
    (root / "water.yml").write_text(suite)
    rows = frame("200", "5 min").assign(name=["n0 ", "n0"])
    result = audit("water", rows, subject="water", root=root, derive=_double)
    assert [(failure.expectation, failure.column) for failure in result.failures] == [
        ("types", "name"),
        ("types", "degrees"),
        ("expect_column_values_to_be_between", "degrees"),
        ("not_null", "doubled"),
        ("expect_column_values_to_be_between", "doubled"),
    ]


def _double(typed: pd.DataFrame) -> pd.DataFrame:
    return typed.assign(doubled=typed["degrees"] * 2)


@pytest.mark.parametrize(
    "error", [RuntimeError("odd"), MemoryError("much"), OSError("gone"), UnicodeError("odd")]
)
def test_whatever_a_computation_raises_refuses_its_frame_and_costs_no_other(
    root: Path, error: Exception
) -> None:
    def fail(_: pd.DataFrame) -> pd.DataFrame:
        raise error

    result = audit("water", frame("20"), subject="water", root=root, derive=fail)
    assert not result.is_success
    assert f"could not be computed: {type(error).__name__}: {error}" in result.message()


def test_a_runner_that_breaks_on_one_frame_judges_the_others(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "ice.yml").write_text((root / "water.yml").read_text())
    real = great_expectations_runner.run_suite

    def break_on_water(context: object, name: str, *args: object, **kwargs: object) -> object:
        if name == "water":
            raise RuntimeError("it broke")
        return real(context, name, *args, **kwargs)

    monkeypatch.setattr("redeye.audits.audit.run_suite", break_on_water)
    results = audit_many({"water": frame("20"), "ice": frame("20")}, subject="both", root=root)
    assert "RuntimeError: it broke" in results["water"].message()
    assert results["ice"].is_success


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


def test_a_known_fault_of_the_data_is_met_and_says_so(root: Path) -> None:
    result = audit("water", frame("20", "300.5", night="2013-02-12"), subject="water", root=root)
    assert result.is_success
    (check,) = [each for each in result.checks if each.column == "degrees"]
    assert check.is_met
    assert check.observed == "1 of 2 rows unexpected, all of them known faults that the suite accepts"
