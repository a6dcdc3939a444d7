"""One function says what is significant: nothing draws nights with replacement beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from redeye.foundation.settings import PROJECT_ROOT

# How resampling is written with numpy, pandas, scipy and scikit-learn.
DRAWN = re.compile(
    r"multinomial\(|replace=True|stats\.bootstrap|import bootstrap$|sklearn\.utils import .*resample"
)
SOURCES = [
    path
    for folder in ("ml", "plugins", "dags", "feature_repo")
    for path in sorted((PROJECT_ROOT / folder).rglob("*.py"))
    if "stack" not in path.parts
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_nights_are_not_resampled(path: Path) -> None:
    assert DRAWN.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "random.multinomial(14, shares)",
        "frame.sample(frac=1, replace=True)",
        "stats.bootstrap((nights,), np.mean)",
    ],
)
def test_a_resampling_would_be_found(line: str) -> None:
    assert DRAWN.search(line)
