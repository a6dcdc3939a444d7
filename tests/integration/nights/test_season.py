"""The season report on some real nights: its figures, its links, and a model scored again as it was."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from season_rows import rows_of
from sklearn.metrics import roc_auc_score

from redeye.champions import promotion_store
from redeye.declarations.specs import load_spec
from redeye.foundation.errors import NotReleased
from redeye.foundation.settings import SPECS, settings
from redeye.monitoring.matured_predictions import read_matured_predictions
from redeye.monitoring.monitor import monitor_night
from redeye.promotion.decide import decide_night
from redeye.scoring import outputs_store
from redeye.studies.season import report_season
from redeye.studies.season.logic.season_quality import Contestant
from redeye.warehouse import release_store

pytestmark = [pytest.mark.integration, pytest.mark.long]


@pytest.fixture(scope="module")
def span(nights: Any) -> tuple[date, date]:
    """Three nights that are built, scored and judged; the labels of the first are known by the last."""
    first = last = nights.next
    for _ in range(3):
        last = nights.next
        nights.build(last)
        nights.score(last)
        monitor_night(nights.model, last, f"test {last}")
        decide_night(nights.model, last, f"test {last}")
    return first, last


def test_the_report_says_what_the_rows_say(nights: Any, span: tuple[date, date]) -> None:
    told: list[int] = []
    page = report_season.write_season(nights.model, *span, report=lambda step: told.append(step.done))
    assert told == [3]
    text, markdown = page.read_text(), page.with_suffix(".md").read_text()
    release, spec = release_store.latest_release(), load_spec(SPECS / f"{nights.model}.yaml")
    assert release is not None
    rows = read_matured_predictions(spec, release, release.night, *span)
    auc = roc_auc_score(rows["label"], rows["probability"])
    assert f"{auc:.4f} (" in markdown
    assert f"{len(rows):,} rows of " in markdown
    assert "AUC of the loop against never retrained: the same" in markdown
    for night in pd.date_range(*span):
        assert f"{night:%Y-%m-%d}" in text
    assert "never_probability" not in text
    # One file: every reference is a page for people, none is loaded.
    assert not re.search(r'(src|href)="(?!http://127\.0\.0\.1|\.\./)', text.replace('href="#', ""))
    assert "<svg" in text
    assert page.with_suffix(".svg").is_file()
    again = page.read_bytes()
    report_season.write_season(nights.model, *span, report=lambda step: None)
    assert page.read_bytes() == again


def test_a_model_that_did_not_serve_is_scored_on_the_features_that_scoring_saw(
    nights: Any, span: tuple[date, date]
) -> None:
    spec = load_spec(SPECS / f"{nights.model}.yaml")
    heuristic = promotion_store.read_promotions(nights.model)[0]
    found = report_season._never_probabilities(spec, {span[1]: heuristic})
    stored = outputs_store.read("predictions", nights.model, span[1], span[1])
    both = stored.merge(found, on="flight_id", validate="one_to_one")
    assert len(both) == len(stored)
    assert np.array_equal(both[Contestant.NEVER.column], both["baseline_probability"])
    kept = list((settings().home / "season" / nights.model).rglob("*.parquet"))
    assert [path.name[:10] for path in kept] == [str(span[1])]
    pd.testing.assert_frame_equal(report_season._never_probabilities(spec, {span[1]: heuristic}), found)


def test_nights_that_were_not_scored_have_no_report(nights: Any) -> None:
    with pytest.raises(NotReleased, match="redeye replay"):
        report_season.write_season(
            nights.model, date(2013, 12, 1), date(2013, 12, 2), report=lambda step: None
        )


def test_every_table_can_be_compared(nights: Any, span: tuple[date, date]) -> None:
    from sameness import KEYS, differences

    rows = rows_of(nights.model, *span)
    assert rows.keys() == KEYS.keys()
    assert len(rows["verdicts"]) == 3
    for table, keys in KEYS.items():
        assert not rows[table].duplicated(list(keys)).any(), table
    assert differences(rows, rows_of(nights.model, *span)) == []


def test_rows_of_a_rehearsal_do_not_go_among_others(
    nights: Any, span: tuple[date, date], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redeye.foundation.errors import ConfigError

    plan = tmp_path / "plan.yaml"
    plan.write_text("name: drill\nevents: []\n")
    monkeypatch.setenv("REDEYE_REHEARSAL", str(plan))
    settings.cache_clear()
    night = nights.next
    try:
        nights.build(night)
        with pytest.raises(ConfigError, match="in an installation of its own"):
            nights.score(night)
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert outputs_store.read("predictions", nights.model, night, night).empty
    nights.score(night)
    assert set(outputs_store.read("predictions", nights.model, night, night)["rehearsal"]) == {""}
