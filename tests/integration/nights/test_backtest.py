"""A backtest on the nights that are built: kept training by training, and nothing else is touched."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from redeye.foundation.errors import ConfigError, NotReleased
from redeye.studies.backtest import run_backtest
from redeye.studies.freshness import run_freshness
from redeye.studies.progress import Step

pytestmark = pytest.mark.integration

SINCE, UNTIL = date(2013, 3, 1), date(2013, 3, 6)


def gather(nights: Any, **options: Any) -> tuple[Path, list[Step]]:
    steps: list[Step] = []
    page = run_backtest.gather(
        nights.model, report=steps.append, since=SINCE, until=UNTIL, threads=1, **options
    )
    return page, steps


@pytest.mark.long
def test_it_goes_on_where_it_was_and_touches_nothing(nights: Any, tmp_path: Path):
    before = nights.contents()

    def stop(step: Step) -> None:
        if step.done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_backtest.gather(nights.model, report=stop, since=SINCE, until=date(2013, 3, 8), threads=1)
    page, steps = gather(nights, docs=tmp_path)
    # The first training was there; the month's last night was not.
    assert [step.name for step in steps] == ["2013-02-27", "2013-02-28", "by verdict", ""]
    assert [step.seconds is None for step in steps] == [True, True, False, True]
    text = page.with_suffix(".md").read_text()
    assert "| never retrained | 1 |" in text
    assert "(simulated)" in text
    assert "<svg" in page.read_text()
    assert nights.contents() == before

    rows = pd.read_csv(page.with_suffix(".csv"), keep_default_na=False)
    assert set(rows["schedule"]) == {"heuristic", "never", "monthly", "weekly", "verdict"}
    assert set(rows["month"]) == {"2013-03", "all"}
    assert (rows.loc[rows["month"] == "all", "nights"] == 6).all()
    # With one training each, the schedules are the same model.
    apart = rows[(rows["against"] == "never") & (rows["schedule"] == "weekly")]
    assert (apart[["value", "lower", "upper"]].astype(float) == 0).all(axis=None)

    once = page.read_bytes(), (tmp_path / "backtest.md").read_text()
    again, repeated = gather(nights, docs=tmp_path)
    assert all(step.seconds is None for step in repeated)
    assert (again.read_bytes(), (tmp_path / "backtest.md").read_text()) == once


def test_a_first_night_without_enough_before_it_is_refused(nights: Any):
    with pytest.raises(NotReleased, match="2013-01-20 cannot be the first one"):
        run_backtest.gather(nights.model, report=lambda step: None, since=date(2013, 1, 20))


def test_an_algorithm_that_the_spec_does_not_have_is_refused(nights: Any):
    with pytest.raises(ConfigError, match="has no algorithm 'forest'"):
        run_backtest.gather(nights.model, report=lambda step: None, algorithm="forest")


def test_the_experiment_needs_two_trainings_and_nights_after_them(nights: Any, tmp_path: Path):
    with pytest.raises(NotReleased, match="too few nights for the experiment"):
        run_freshness.gather(nights.model, tmp_path, report=lambda step: None)
