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
from redeye.foundation.pages import render_markdown
from redeye.foundation.plot_theme import CHAMPION, SERIES, draw_intervals, draw_zero, open_figure, render_svg
from redeye.studies.evidence.evidence_page import format_difference
from redeye.studies.freshness.logic.freshness_quality import ALL, CONFIDENCE, defaults
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
from redeye.studies.labelled_rows import Basis
from redeye.studies.page_origin import write_origin

NAMES = {
    **{window_name(each): f"{each} nights" for each in WINDOWS[:-1]},
    ALL: "all history",
    **{half_life_name(each): f"all, half-life {each} nights" for each in HALF_LIVES},
    CONTINUED: "continued",
    "heuristic": "heuristic",
}


@dataclass(frozen=True)
class Facts(Basis):
    """What the experiment was made with.

    Attributes:
        algorithm: of every variant.
        held_back: nights by which a champion is older at its decision than a model of the experiment.
    """

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

    `windows` are those of `compare_windows`, `ages` of `compare_ages`; `learned` is by night of decision.
    """
    found = defaults(windows, ages, facts.held_back)
    for name, text in {
        "windows.csv": windows.round(6).to_csv(index=False),
        "ages.csv": ages.round(6).to_csv(index=False),
        "defaults.json": json.dumps(found, indent=2) + "\n",
        "windows.svg": draw_windows(windows),
        "ages.svg": draw_ages(ages),
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
        confidence=f"{CONFIDENCE:.0%}",
        aged=AGED[0],
        longest=LONGEST,
        names=NAMES,
        all_history=ALL,
        windows=[_split_metrics(mine) for name in NAMES if len(mine := windows[windows["variant"] == name])],
        ages=[_split_metrics(mine) for _, mine in ages.groupby(["variant", "behind"], sort=False)],
        difference=format_difference,
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


TITLES = {"auc": "AUC", "log_loss": "log loss"}
_SIZE = (9.5, 4.2)


def draw_windows(windows: pd.DataFrame) -> str:
    """What each variant gains over all history, by metric, as SVG text."""
    shown = [name for name in NAMES if name in set(windows["variant"]) and name not in (ALL, "heuristic")]
    with open_figure(*_SIZE) as figure:
        figure.suptitle("Better than all history on the same rows (above 0)")
        for axes, (metric, title) in zip(figure.subplots(1, 2), TITLES.items(), strict=True):
            mine = windows[windows["metric"] == metric].set_index("variant").loc[shown]
            draw_intervals(axes, range(len(shown)), mine, CHAMPION)
            draw_zero(axes)
            axes.set_xticks(range(len(shown)), [NAMES[name] for name in shown], rotation=35, ha="right")
            axes.set(ylabel=f"{title} gained")
        return render_svg(figure)


def draw_ages(ages: pd.DataFrame) -> str:
    """What older models gain over the youngest, by metric and age, as SVG text."""
    with open_figure(*_SIZE) as figure:
        figure.suptitle("Better than a model less than four weeks old on the same rows (above 0)")
        for axes, (metric, title) in zip(figure.subplots(1, 2), TITLES.items(), strict=True):
            variants = ages[ages["metric"] == metric].groupby("variant", sort=False)
            for place, (variant, mine) in enumerate(variants):
                middle = (mine["age_from"] + mine["age_to"]) / 2 + 3 * place
                draw_intervals(axes, middle, mine, SERIES[place], NAMES[str(variant)])
            draw_zero(axes)
            axes.set(xlabel="nights since its training", ylabel=f"{title} gained")
            axes.legend()
        return render_svg(figure)
