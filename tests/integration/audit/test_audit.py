"""The audit fails closed: on wrong shapes, on exceptions, on what was not evaluated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from redeye.audits import great_expectations_runner
from redeye.audits.audit import audit, audit_many
from redeye.foundation.errors import AuditRefused, ConfigError

from .water_suite import SUITE, frame, write_suite  # noqa: TID252 - the tests are no package of their own


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_suite(tmp_path)


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


def test_a_known_fault_of_the_data_is_met_and_says_so(root: Path) -> None:
    result = audit("water", frame("20", "300.5", night="2013-02-12"), subject="water", root=root)
    assert result.is_success
    (check,) = [each for each in result.checks if each.column == "degrees"]
    assert check.is_met
    assert check.observed == "1 of 2 rows unexpected, all of them known faults that the suite accepts"
