"""A suite is refused on load with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.audits.suite_files import load_suite, suite_names
from redeye.foundation.errors import ConfigError

SOUND = """description: Temperatures of a test.
key: [name]
types:
  name: text
  degrees: float
expectations:
  - expect_column_values_to_be_between: {column: degrees, min_value: 0}
    because: Water is liquid.
"""
SPELLED_OUT = """  - expect: expect_column_values_to_be_between
    column: degrees
    kwargs: {min_value: 0}
    because: Water is liquid.
"""


def write(folder: Path, text: str) -> Path:
    (folder / "water.yml").write_text(text)
    return folder


def test_a_sound_suite_is_read(tmp_path: Path) -> None:
    suite = load_suite("water", write(tmp_path, SOUND))
    assert suite.never_null == ("name", "degrees")
    assert suite.expectations[0].arguments == {"column": "degrees", "min_value": 0}
    assert suite_names(tmp_path) == ("water",)


def test_an_expectation_may_be_spelled_out(tmp_path: Path) -> None:
    short = load_suite("water", write(tmp_path, SOUND))
    other = tmp_path / "other"
    other.mkdir()
    head = SOUND.partition("  - expect_")[0]
    assert load_suite("water", write(other, head + SPELLED_OUT)) == short


@pytest.mark.parametrize(
    ("old", "new", "line", "named"),
    [
        ("to_be_between", "to_be_betwixt", 7, "expectations.0.expect"),
        ("    because: Water is liquid.\n", "", 7, "because"),
        ("because: Water is liquid.", "because: So.", 8, "because"),
        ("because: Water", "becuase: Water", 8, "becuase"),
        ("{column: degrees, min_value: 0}", "degrees", 7, "kwargs"),
        ("  - expect_", "  - expect_table_row_count_to_be_between: {}\n    expect_", 7, "expect_table"),
        ("column: degrees", "column: degree", 7, "degree"),
        ("_between: {column: degrees, min_value: 0}", "_between: {}\n    colunm: degrees", 8, "colunm"),
        ("degrees: float", "degrees: double", 5, "types.degrees"),
        ("key: [name]", "key: [nobody]", 2, "nobody"),
        ("description: Temperatures of a test.\n", "", 1, "description"),
        ("expectations:\n", "expectations: []\nothers:\n", 6, "expectations"),
        ("expectations:\n", "may_be_null: [winds]\nexpectations:\n", 6, "winds"),
        ("types:\n", "types: [\n", 5, "YAML"),
    ],
)
def test_a_wrong_suite_is_refused_with_file_line_and_key(
    old: str, new: str, line: int, named: str, tmp_path: Path
) -> None:
    root = write(tmp_path, SOUND.replace(old, new, 1))
    with pytest.raises(ConfigError) as refusal:
        load_suite("water", root)
    assert f"water.yml:{line}:" in str(refusal.value)
    assert named in str(refusal.value)


def test_an_expectation_written_twice_is_refused(tmp_path: Path) -> None:
    block = SOUND[SOUND.index("  - expect") :]
    with pytest.raises(ConfigError, match=r"water\.yml:9: .*repeats"):
        load_suite("water", write(tmp_path, SOUND + block))


def test_a_missing_suite_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yml: no such file"):
        load_suite("nothing", tmp_path)
