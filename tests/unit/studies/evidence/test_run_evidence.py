"""The evidence: months that are there are not predicted again, and an interrupted one is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from redeye.foundation.settings import settings
from redeye.models import training_code
from redeye.models.logic.splits import Window
from redeye.studies import labelled_rows
from redeye.studies.evidence import run_evidence
from redeye.studies.evidence.logic import months as walking
from redeye.studies.evidence.logic.months import Month, TrainedMonth
from redeye.studies.evidence.run_evidence import Step
from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import Release, ReleaseKind

RELEASE = Release(
    release_id="2013-03-01.r1",
    night=date(2013, 3, 1),
    revision=1,
    first_night=date(2012, 12, 31),
    kind=ReleaseKind.HISTORY,
    snapshot_id=1,
    delivery_set_hash="0" * 16,
    code_hash="c",
    git_sha="g",
)
MONTHS = tuple(
    Month(
        f"2013-0{number}", date(2013, number - 1, 28), Window(date(2013, number, 1), date(2013, number, 20))
    )
    for number in (2, 3, 4)
)


def predicted(month: Month) -> tuple[pd.DataFrame, TrainedMonth]:
    random = np.random.default_rng(month.nights.first.month)
    truth = random.random(400)
    rows = pd.DataFrame(
        {
            "flight_id": [str(each) for each in range(400)],
            "night": np.repeat(pd.date_range(month.nights.first, periods=20), 20),
            "label": (random.random(400) < truth).astype(float),
            "heuristic": np.full(400, 0.4),
            "logistic": np.clip(truth, 0.2, 0.8),
            "xgboost": truth,
            "torch": np.clip(truth, 0.1, 0.9),
        }
    )
    names = list(rows.columns[3:])
    validation = {name: {"auc": 0.6, "log_loss": 0.5} for name in names}
    windows = dict.fromkeys(("train", "validation", "test"), "2013-01-01..2013-01-09")
    seconds, facts = dict.fromkeys(names, 1.0), {key: {"steps": 3.0} for key in names}
    return rows, TrainedMonth(windows, 9, "2013-01-10T00:00:00", "torch", validation, seconds, facts)


@pytest.fixture
def walked(tmp_path: Path, monkeypatch) -> list[str]:
    """The names of the months that were really predicted; the lake and the fits are stood in for."""
    monkeypatch.setenv("REDEYE_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    names: list[str] = []

    def walk(
        frame: pd.DataFrame, spec: object, month: Month, **_: object
    ) -> tuple[pd.DataFrame, TrainedMonth]:
        if len(names) == 1 and month.name == "2013-03" and not (tmp_path / "calm").exists():
            raise KeyboardInterrupt
        names.append(month.name)
        return predicted(month)

    monkeypatch.setattr(release_store, "latest_release", lambda: RELEASE)
    monkeypatch.setattr(labelled_rows, "find_labelled_nights", lambda *_: (date(2013, 1, 1), RELEASE.night))
    monkeypatch.setattr(labelled_rows, "read_labelled_frame", lambda *_: pd.DataFrame())
    monkeypatch.setattr(walking, "months", lambda *_: MONTHS)
    monkeypatch.setattr(walking, "walk", walk)
    yield names
    settings.cache_clear()


def gather(folder: Path, **options: object) -> tuple[Path, list[Step]]:
    steps: list[Step] = []
    return run_evidence.gather("flight_delay", folder, report=steps.append, threads=1, **options), steps


def test_interrupted_it_goes_on_where_it_was(walked, tmp_path: Path):
    with pytest.raises(KeyboardInterrupt):
        gather(tmp_path / "docs")
    assert walked == ["2013-02"]
    (tmp_path / "calm").touch()
    page, steps = gather(tmp_path / "docs")
    assert walked == ["2013-02", "2013-03", "2013-04"]
    assert [step.seconds is None for step in steps] == [True, True, False, False]
    assert [step.done for step in steps] == [0, 1, 2, 3]
    once = page.read_text(), (page.parent / "evidence" / "auc.svg").read_bytes()
    again, _ = gather(tmp_path / "docs")
    assert len(walked) == 3
    assert (again.read_text(), (again.parent / "evidence" / "auc.svg").read_bytes()) == once


def test_a_month_without_its_note_is_done_again(walked, tmp_path: Path):
    (tmp_path / "calm").touch()
    gather(tmp_path / "docs")
    (note,) = (tmp_path / "home" / "evidence").rglob("2013-03.json")
    note.unlink()
    gather(tmp_path / "docs")
    assert walked == ["2013-02", "2013-03", "2013-04", "2013-03"]


def test_another_seed_or_other_code_begins_anew(walked, tmp_path: Path, monkeypatch):
    (tmp_path / "calm").touch()
    gather(tmp_path / "docs")
    gather(tmp_path / "docs", seed=2)
    assert len(walked) == 6
    monkeypatch.setattr(training_code, "hash_training_code", lambda: "other")
    gather(tmp_path / "docs")
    assert len(walked) == 9


def test_the_page_says_what_is_shown_and_holds_every_month(walked, tmp_path: Path):
    (tmp_path / "calm").touch()
    page, _ = gather(tmp_path / "docs", since=date(2013, 3, 1))
    text = page.read_text()
    assert walked == ["2013-03", "2013-04"]
    assert "| 2013-04 | 400 |" in text
    assert "| 2013-02 |" not in text
    assert "release `2013-03-01.r1`" in text
    assert "The model selection would have chosen: torch 2 times." in text
    rows = pd.read_csv(page.parent / "evidence" / "quality.csv", keep_default_na=False)
    assert set(rows["month"]) == {"2013-03", "2013-04", "all"}
    assert set(rows["algorithm"]) == {"heuristic", "logistic", "xgboost", "torch", "chosen"}
    for name in ("auc.svg", "log_loss.svg", "calibration.svg"):
        assert (page.parent / "evidence" / name).stat().st_size < 100_000
