"""A suite of a few lines, and rows that it judges."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pandas as pd

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


def write_suite(folder: Path) -> Path:
    """The folder, with the suite `water` in it."""
    (folder / "water.yml").write_text(textwrap.dedent(SUITE))
    return folder


def frame(*degrees: str, night: str = "2013-01-01") -> pd.DataFrame:
    """Readings of a night, as they are delivered."""
    names = [f"n{place}" for place in range(len(degrees))]
    return pd.DataFrame({"night": night, "name": names, "degrees": list(degrees)})
