"""What `redeye verdicts` shows."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from redeye import cli
from redeye.champions.logic.verdicts import Verdict
from redeye.cli.analyse import verdicts
from redeye.foundation.task_session import find_connections
from redeye.promotion import decision_store
from redeye.promotion.logic.decision import Decision
from redeye.scoring import outputs_store

VERDICTS = pd.DataFrame(
    {
        "night": pd.date_range("2013-04-01", periods=20),
        "verdict": ["ok"] * 19 + ["retrain"],
        "reasons": ["within every bound"] * 19 + ["AUC drop 0.2 is above 0.1; [bold] calibration"],
    }
)
QUALITY = pd.DataFrame(
    {
        "night": pd.to_datetime(["2013-04-19", "2013-04-21", "2013-04-21", "2013-04-20", "2013-04-21"]),
        # Night 18 was measured on the 20th, and again on the 21st with a label that came late.
        "scored_night": pd.to_datetime(
            ["2013-04-17", "2013-04-18", "2013-04-18", "2013-04-18", "2013-04-19"]
        ),
        "metric": ["auc", "auc", "brier", "auc", "auc"],
        "champion": [0.71, 0.72, 0.15, 0.73, None],
        "heuristic": [0.61, 0.62, 0.17, 0.63, None],
        "rows": [900, 901, 901, 900, 0],
        "model_version": [2, 2, 2, 2, None],
    }
)

DECISIONS = [
    SimpleNamespace(decision=Decision(date(2013, 4, 20), Verdict.RETRAIN, False, "retrain on 1 of 5 nights"))
]


@pytest.fixture
def show(monkeypatch):
    def run(tables: dict[str, pd.DataFrame]) -> tuple[int, str]:
        console = Console(record=True, width=140)
        monkeypatch.setattr(verdicts, "console", console)
        monkeypatch.setattr(verdicts, "enter", lambda: None)
        monkeypatch.setattr(outputs_store, "read", lambda table, *_: tables[table])
        monkeypatch.setattr(decision_store, "decisions", lambda _: DECISIONS)
        done = CliRunner().invoke(cli.app, ["verdicts", "flight_delay"])
        return done.exit_code, console.export_text() + done.output

    return run


def test_the_last_verdicts_and_the_newest_quality_are_shown(show):
    status, text = show({"verdicts": VERDICTS, "quality": QUALITY})
    assert status == 0, text
    assert "2013-04-07" in text
    assert "2013-04-06" not in text
    assert "AUC drop 0.2 is above 0.1" in text
    assert "[bold] calibration" in text
    assert "retrain on 1 of 5" in text
    assert "Quality on night 2013-04-18: version 2, 901 flights" in text
    assert "0.7200" in text
    assert "0.6100" not in text
    assert "0.7300" not in text


def test_verdicts_without_mature_labels_are_shown(show):
    status, text = show({"verdicts": VERDICTS, "quality": QUALITY.iloc[4:]})
    assert status == 0, text
    assert "there is no quality to show" in text


def test_a_model_without_verdicts_says_what_to_run(show):
    status, text = show({"verdicts": VERDICTS.iloc[:0], "quality": QUALITY.iloc[:0]})
    assert status == 1
    assert "run `monitor_flight_delay`" in text


def test_a_command_shares_its_connections(monkeypatch, show):
    kept = []
    show({"verdicts": VERDICTS, "quality": QUALITY})
    monkeypatch.setattr(
        outputs_store, "read", lambda *_: kept.append(find_connections("any")) or VERDICTS.head(0)
    )
    CliRunner().invoke(cli.app, ["verdicts", "flight_delay"])
    assert {} in kept
    assert find_connections("any") is None
