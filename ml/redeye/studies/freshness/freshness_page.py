"""The page docs/results/freshness.md: quality by window and by age, and the defaults that follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from redeye.declarations.specs import Spec
from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import bold, render_markdown
from redeye.models.logic.interval_text import format_interval, is_significant, read_interval
from redeye.studies.freshness import freshness_plots
from redeye.studies.freshness.logic.freshness_quality import (
    ALL,
    CONFIDENCE,
    SAMPLES,
    defaults,
)
from redeye.studies.freshness.logic.windows_and_ages import (
    AGED,
    CONTINUED,
    HALF_LIVES,
    LONGEST,
    STEP,
    WINDOWS,
    Origin,
    TrainedOrigin,
    half_life_name,
    window_name,
)
from redeye.studies.page_origin import write_origin
from redeye.warehouse.logic.releases import Release

NAMES = {
    **{window_name(each): f"{each} nights" for each in WINDOWS[:-1]},
    ALL: "all history",
    **{half_life_name(each): f"all, half-life {each} nights" for each in HALF_LIVES},
    CONTINUED: "continued",
    "heuristic": "heuristic",
}


@dataclass(frozen=True)
class Facts:
    """What the experiment was made with.

    Attributes:
        threads: of the fits.
        algorithm: of every variant.
        held_back: nights by which a champion is older at its decision than a model of the experiment.
    """

    release: Release
    code_hash: str
    seed: int
    threads: int
    algorithm: str
    origins: tuple[Origin, ...]
    held_back: int


def write_page(
    folder: Path,
    spec: Spec,
    windows: pd.DataFrame,
    ages: pd.DataFrame,
    learned: Mapping[date, TrainedOrigin],
    facts: Facts,
) -> Path:
    """Writes `freshness.md`, and `freshness/` with pictures, `windows.csv`, `ages.csv` and `defaults.json`.

    Args:
        folder: of the docs.
        spec: that was followed.
        windows: of `by_window`.
        ages: of `by_age`.
        learned: by night of decision.
        facts: what it was made with.

    Returns:
        The page.
    """
    found = defaults(windows, ages, facts.held_back)
    for name, text in {
        "windows.csv": windows.round(6).to_csv(index=False),
        "ages.csv": ages.round(6).to_csv(index=False),
        "defaults.json": json.dumps(found, indent=2) + "\n",
        "windows.svg": freshness_plots.draw_windows(windows, NAMES),
        "ages.svg": freshness_plots.draw_ages(ages, NAMES),
    }.items():
        write_text(folder / "freshness" / name, text)
    losses = windows[windows["metric"] == "log_loss"]
    shorter = losses[losses["variant"].isin(map(window_name, WINDOWS[:-1]))]
    worse = ages[(ages["variant"] == ALL) & (ages["metric"] == "log_loss") & (ages["upper"] < 0)]
    text = render_markdown(
        "studies/freshness/freshness.md.j2",
        spec=spec,
        facts=facts,
        origin=write_origin("freshness", spec.model),
        params=spec.algorithms.list_declared()[facts.algorithm],
        step=STEP,
        samples=SAMPLES,
        confidence=f"{CONFIDENCE:.0%}",
        aged=AGED[0],
        longest=LONGEST,
        names=NAMES,
        all_history=ALL,
        windows=[_split_metrics(mine) for name in NAMES if len(mine := windows[windows["variant"] == name])],
        ages=[_split_metrics(mine) for _, mine in ages.groupby(["variant", "behind"], sort=False)],
        difference=_format_difference,
        defaults=found,
        better=[NAMES[each] for each in shorter.loc[shorter["lower"] > 0, "variant"]],
        worse=[f"{row['age_from']} to {row['age_to']}" for _, row in worse.iterrows()],
        oldest=int(ages["age_to"].max()),
        learned=learned,
        variants=[*map(window_name, WINDOWS), *map(half_life_name, HALF_LIVES), CONTINUED],
    )
    write_text(folder / "freshness.md", text)
    return folder / "freshness.md"


def _split_metrics(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The row of AUC and that of the log loss."""
    return rows[rows["metric"] == "auc"].iloc[0], rows[rows["metric"] == "log_loss"].iloc[0]


def _format_difference(row: pd.Series) -> str:
    found = read_interval(row)
    text = format_interval(found, "+.4f")
    return bold(text) if is_significant(found) else text
