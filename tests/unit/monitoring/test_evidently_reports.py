"""A night's page on drift: our summary first, then Evidently's pictures; it loads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from redeye.foundation.settings import settings
from redeye.monitoring.evidently_reports import Page, locate_folder, prune, write_page
from redeye.monitoring.logic.drift_measures import Statistic
from redeye.monitoring.logic.drift_quality import QUALITY_COLUMN
from redeye.monitoring.logic.drift_result import Kind, Span

NIGHT = date(2013, 4, 1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def row(
    kind: Kind, column: str, statistic: str, value: float, threshold: float, note: str = ""
) -> dict[str, object]:
    return {
        "kind": str(kind), "column_name": column, "statistic": statistic, "value": value,
        "threshold": threshold, "is_drifted": value > threshold, "note": note, "rows": 900,
    }  # fmt: skip


def make_page(share: float, note: str = "") -> Page:
    frame = pd.DataFrame({"rate": np.linspace(0, 1, 50), "probability": np.linspace(0.1, 0.9, 50)})
    labelled = frame.assign(label=0.0)
    distance = str(Statistic.WASSERSTEIN)
    rows = [
        row(Kind.SHARE, "features", "share", share, 0.1, note),
        row(Kind.FEATURE, "rate", distance, 0.3, 0.1, "<worst> & first"),
        row(Kind.FEATURE, "empty", distance, 0.2, 0.1),
        row(Kind.QUALITY, QUALITY_COLUMN, "log_loss", 0.5, 0.6),
    ]
    return Page(
        "delay", NIGHT, Span.NIGHT, 3, pd.DataFrame(rows), frame, frame, labelled, frame, labelled, {"rate": True}
    )  # fmt: skip


def test_the_page_says_what_drifted_and_loads_nothing() -> None:
    path = write_page(make_page(0.5))
    assert path == locate_folder("delay", NIGHT) / "night.html"
    text = path.read_text(encoding="utf-8")
    assert text.index("Content-Security-Policy") < text.index("<script")
    assert re.search(r'<body[^>]*>\s*<section id="redeye"', text)
    assert not re.findall(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)\s*=\s*[\"']?https?:", text)
    summary = " ".join(text[text.index("<section") : text.index("</section>")].split())
    assert "delay, night 2013-04-01, night" in summary
    assert "<b>Drifted.</b> 50.0% of 2 features drifted; above 10.0% is beyond clean history." in summary
    assert summary.index("<td>rate</td>") < summary.index("<td>empty</td>")
    assert "<td>0.300</td><td>0.100</td><td>&lt;worst&gt; &amp; first</td>" in summary
    assert "<td>quality</td><td>log_loss</td><td>0.500</td>" in summary
    assert "the 1 features nearest" in summary
    assert "Left out, without a value on one side: empty." in summary
    assert "Drift in column" in text  # Evidently's own words


def test_what_could_not_be_measured_says_why() -> None:
    text = write_page(make_page(float("nan"), "too few rows")).read_text(encoding="utf-8")
    assert "<b>No drift of the features.</b>\nfeatures not evaluated: too few rows." in text


def test_only_the_newest_nights_are_kept() -> None:
    for day in (1, 2, 3):
        locate_folder("delay", date(2013, 4, day)).mkdir(parents=True)
    assert [path.name for path in prune(2)] == ["2013-04-01"]
    assert {path.name for path in (settings().reports / "delay").iterdir()} == {"2013-04-02", "2013-04-03"}
