"""A night's page on drift: the verdict in its own words first, then what drifted; it loads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import SPECS, settings
from redeye.models.logic.evaluation import Interval
from redeye.monitoring.evidently_reports import Page, locate_folder, prune, write_page
from redeye.monitoring.logic.drift_result import Kind, Span
from redeye.monitoring.logic.quality import Window
from redeye.monitoring.logic.verdict import judge

NIGHT = date(2013, 4, 1)
RULES = load_spec(SPECS / "flight_delay.yaml").monitor
SOUND = Interval(0.02, 0.0, 0.03)
WINDOW = Window(
    rows=RULES.minimum_rows,
    nights=14,
    champion={},
    heuristic={},
    measured={"auc": SOUND, "relative_log_loss": SOUND, "calibration_error": SOUND},
    over_heuristic={"log_loss": SOUND, "auc": SOUND},
    reference={},
    age_nights=30,
)
MISCALIBRATED = replace(WINDOW, measured=WINDOW.measured | {"calibration_error": Interval(0.4, 0.3, 0.5)})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def row(
    kind: Kind, column: str, statistic: str, value: float, bound: float, note: str = ""
) -> dict[str, Any]:
    return {
        "span": "week", "kind": str(kind), "column_name": column, "statistic": statistic, "value": value,
        "threshold": bound, "is_drifted": value > bound, "note": note, "rows": 900,
    }  # fmt: skip


SHARE = row(Kind.SHARE, "features", "drifted_share", 0.05, 0.1)
DRIFTED = [
    row(Kind.SHARE, "features", "drifted_share", 0.5, 0.1),
    row(Kind.FEATURE, "rate", "wasserstein", 0.3, 0.1, "<worst> & first"),
    row(Kind.FEATURE, "empty", "empty_share", 0.2, 0.1),
    row(Kind.FEATURE, "carrier", "jensen_shannon", 0.01, 0.1),
]
MOVED = [SHARE, row(Kind.JOINT, "inputs", "c2st_auc", 0.9991, 0.998, "rate, carrier")]
UNMEASURED = [row(Kind.SHARE, "features", "drifted_share", float("nan"), float("nan"), "too few rows")]
DECLINED = [SHARE, row(Kind.QUALITY, "label", "log_loss_rise", 0.5, 0.2)]
REASONS = {
    "share": "week: 50% of the features drifted",
    "shift": "covariate shift: the inputs moved, most in <rate>",
}


def make_page(rows: list[dict[str, Any]], window: Window = WINDOW, drift: tuple[str, ...] = ()) -> Page:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "rate": random.random(300),
            "carrier": random.choice(["AA", "UA"], 300),
            "empty": None,
            "probability": random.random(300),
        }
    )
    labelled = frame.assign(label=(random.random(300) < 0.3).astype(float))
    judged = judge(window, RULES, drift)
    return Page(
        "delay", NIGHT, Span.WEEK, 3, judged.verdict, judged.reasons, pd.DataFrame(rows), frame, frame, labelled,
        frame, labelled, "probability", True, {"rate": True, "carrier": False, "empty": True},
    )  # fmt: skip


def summary(text: str) -> str:
    found = text[text.index('<section id="redeye"') : text.index("</section>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found)).split())


@pytest.mark.parametrize(
    ("page", "verdict", "said"),
    [
        (make_page([SHARE]), Verdict.OK, "No measure of the predictions"),
        (make_page(DRIFTED, drift=(REASONS["share"],)), Verdict.OK, "features that drifted, as a share"),
        (make_page(MOVED, drift=(REASONS["shift"],)), Verdict.OK, "all inputs together AUC of a classifier"),
        (make_page(DECLINED, MISCALIBRATED), Verdict.RETRAIN, "log loss rise 0.500 0.200"),
        (
            make_page(UNMEASURED),
            Verdict.OK,
            "Share of the features that drifted: not measured, too few rows.",
        ),
    ],
    ids=["no drift", "share", "covariate shift", "performance", "unmeasured"],
)
def test_the_page_begins_with_the_verdict_s_own_words(page: Page, verdict: Verdict, said: str) -> None:
    assert page.verdict is verdict
    text = write_page(page).read_text(encoding="utf-8")
    shown = summary(text)
    heading = f"delay: drift of the week to night {NIGHT} Verdict on champion version 3 after this night: "
    assert shown.startswith(f"{heading}{verdict} , because {' '.join(page.reasons)} ")
    assert said in shown
    assert not re.search(r"\bnan\b|\binf\b", shown.lower())


def test_the_page_draws_what_drifted_and_loads_nothing() -> None:
    path = write_page(make_page(DRIFTED, drift=(REASONS["share"],)))
    assert path == locate_folder("delay", NIGHT) / "week.html"
    text = path.read_text(encoding="utf-8")
    assert text.index("Content-Security-Policy") < text.index("<script")
    assert not re.findall(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)\s*=\s*[\"']?https?:", text)
    shown = summary(text)
    assert shown.index("rate Wasserstein distance 0.300 0.100 <worst> & first") < shown.index(
        "empty share 0.200"
    )
    assert "Not drawn: empty." in shown
    assert "rate: Wasserstein distance 0.300, bound 0.100" in text
    assert "carrier: " not in text
    for unwanted in ("Index binned", "Drift in column", '"title": ""', "Confusion Matrix"):
        assert unwanted not in text
    assert all(title in text for title in ("Precision-Recall Curve", "ROC Curve"))


def test_a_category_that_is_a_script_is_text() -> None:
    drifted = [DRIFTED[0], row(Kind.FEATURE, "carrier", "jensen_shannon", 0.5, 0.1)]
    page = make_page(drifted)
    attacked = page.current.assign(carrier="</script><script>alert(1)</script>")
    text = write_page(replace(page, current=attacked)).read_text(encoding="utf-8")
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text
    assert "<script>alert(1)" not in text


def test_a_picture_compares_shares_not_counts() -> None:
    text = write_page(make_page(DRIFTED)).read_text(encoding="utf-8")
    assert re.search(r'"yaxis": \{[^}]*\}?[^}]*"text": "Percent"', text)


def test_only_the_newest_nights_are_kept() -> None:
    for day in (1, 2, 3):
        locate_folder("delay", date(2013, 4, day)).mkdir(parents=True)
    assert [path.name for path in prune(2)] == ["2013-04-01"]
    assert {path.name for path in (settings().reports / "delay").iterdir()} == {"2013-04-02", "2013-04-03"}
