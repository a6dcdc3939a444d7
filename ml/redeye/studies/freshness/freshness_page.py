"""The page docs/results/freshness.md: what windows and ages are worth, and the defaults that follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from redeye.declarations.specs import Spec
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
    Learned,
    Origin,
    half_life_name,
    window_name,
)
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


def write(
    folder: Path,
    spec: Spec,
    windows: pd.DataFrame,
    ages: pd.DataFrame,
    learned: Mapping[date, Learned],
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
    beside = folder / "freshness"
    beside.mkdir(parents=True, exist_ok=True)
    windows.round(6).to_csv(beside / "windows.csv", index=False)
    ages.round(6).to_csv(beside / "ages.csv", index=False)
    found = defaults(windows, ages, facts.held_back)
    (beside / "defaults.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    freshness_plots.draw(beside, windows, ages, NAMES)
    parts = [
        _opening(spec, facts),
        _windows(windows),
        _ages(ages, facts, spec),
        _defaults(found, windows, ages, facts, spec),
        _trained(learned),
        _limits(facts),
    ]
    page = folder / "freshness.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def _opening(spec: Spec, facts: Facts) -> str:
    params = spec.algorithms.chosen()[facts.algorithm].model_dump()
    return f"""# How long a window, and how often

What the nights that a model of `{spec.model}` learns from are worth, and what it loses with age. Written by
`make experiment`; the rows for machines are [windows.csv](freshness/windows.csv) and [ages.csv](freshness/ages.csv).

- **Data**: release `{facts.release.release_id}` (deliveries `{facts.release.delivery_set_hash[:16]}`), features as
  known at the cutoff of each night, labels as known at the cutoff of each training.
- **Trainings**: {len(facts.origins)}, every {STEP} nights from {facts.origins[0].decided} to
  {facts.origins[-1].decided}. Each predicts nights after its own. Nothing is held back for gates here;
  {spec.split.validation_nights} nights stop the fits, and labels need {spec.label_maturity_nights} nights to mature.
- **Algorithm**: `{facts.algorithm}` only, with a learning rate of {params["learning_rate"]:g} and at most
  {params["rounds"]} trees, so that some hundred fits take minutes. Nothing here is measured of the network.
- **Intervals**: {SAMPLES} resamplings of whole nights. Each bound holds with {CONFIDENCE:.0%} by itself. A difference
  is taken on the same flights and the same resampled nights; positive is better, bold where the interval leaves 0 out.
- **Seed** {facts.seed}, {facts.threads} threads, code `{facts.code_hash}`.
"""


def _windows(rows: pd.DataFrame) -> str:
    lines = [
        "## The window",
        "",
        f"On the {STEP} nights after each training. A window is compared in the blocks in which all history is longer.",
        f"*Half-life*: all history, older rows weighing less. *Continued*: the model of {STEP} nights before with more",
        "trees on the nights since, again and again from the first training on (a spec's candidate continues the last",
        "champion, which may be a refit).",
        "",
        "| learned from | nights compared | AUC | AUC better than all history | log loss | log loss better |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, title in NAMES.items():
        mine = rows[rows["variant"] == name]
        if mine.empty:
            continue
        auc, loss = _both(mine)
        apart = ["", ""] if name == ALL else [_signed(auc), _signed(loss)]
        lines.append(
            f"| {title} | {auc['nights']} | {auc['quality']:.4f} | {apart[0]} | {loss['quality']:.4f} | {apart[1]} |"
        )
    return "\n".join([*lines, "", "![What a window is worth](freshness/windows.svg)", ""])


def _ages(rows: pd.DataFrame, facts: Facts, spec: Spec) -> str:
    first = facts.held_back + spec.effective_lag_nights
    lines = [
        "## The age",
        "",
        f"Models that are older, beside the youngest one (1 to {STEP} nights since its training) on the same flights.",
        f"Of the models of all history the older ones also had less of it; those of {AGED[0]} nights all had as many.",
        "",
        "| nights since training | learned from | nights compared | AUC better than the youngest | log loss better |",
        "|---|---|---:|---:|---:|",
    ]
    for variant in dict.fromkeys(rows["variant"]):
        for _, mine in rows[rows["variant"] == variant].groupby("behind"):
            auc, loss = _both(mine)
            lines.append(
                f"| {auc['age_from']} to {auc['age_to']} | {NAMES[variant]} | {auc['nights']} | {_signed(auc)} | "
                f"{_signed(loss)} |"
            )
    return "\n".join(
        [
            *lines,
            "",
            "![What age costs](freshness/ages.svg)",
            "",
            f"A champion is {first} nights old by this count when it first serves: the gates' window "
            f"({spec.split.test_nights} nights), the maturity of its labels and the lag of a decision lie in between.",
            "",
        ]
    )


def _defaults(
    found: dict[str, int], windows: pd.DataFrame, ages: pd.DataFrame, facts: Facts, spec: Spec
) -> str:
    shorter = windows[
        (windows["metric"] == "log_loss") & windows["variant"].isin(map(window_name, WINDOWS[:-1]))
    ]
    better = [NAMES[each] for each in shorter.loc[shorter["lower"] > 0, "variant"]]
    said = (
        f"surely better than all history in log loss: {', '.join(better)}"
        if better
        else "no shorter window is surely better than all history in log loss"
    )
    worse = ages[(ages["variant"] == ALL) & (ages["metric"] == "log_loss") & (ages["upper"] < 0)]
    aged = (
        "surely worse in log loss than the youngest at ages "
        + ", ".join(
            f"{first} to {last}" for first, last in zip(worse["age_from"], worse["age_to"], strict=True)
        )
        if len(worse)
        else f"at no age up to {int(ages['age_to'].max())} nights surely worse in log loss than the youngest"
    )
    month = 31 + spec.effective_lag_nights
    return f"""## The defaults that follow

The rules stand in `ml/redeye/studies/freshness/logic/freshness_quality.py`; the values are in
[defaults.json](freshness/defaults.json), and a test holds the spec to them. The rule for the window was set before the
result was seen. That for the age was changed once afterwards: it first took the age *before* the first step that is
surely worse, which a champion passes within the cooldown after its own decision, so nobody could act on it; now it
takes the last age of that step.

| key of the spec | by the rule | because |
|---|---:|---|
| `split.history_nights` | {found["history_nights"]} | {said}; {LONGEST} stands for all there is |
| `monitor.maximum_age_nights` | {found["maximum_age_nights"]} | models of all history are {aged}; \
{facts.held_back} nights of it pass before the decision |
| `train_cron` | `{spec.train_cron}` | a champion of the first of a month serves until {month} nights after its \
decision at most, if the next candidate passes |

More often than monthly is measured in the [backtest](backtest.md). A candidate of the calendar still has to pass the
gates. Half-lives and continuation are candidates beside the refit, not instead of it, and come after it in the order
of preference: [models](../reference/models.md#candidates).
"""


def _trained(learned: Mapping[date, Learned]) -> str:
    shown = [*map(window_name, WINDOWS), *map(half_life_name, HALF_LIVES), CONTINUED]
    lines = [
        "## What was trained",
        "",
        "Trees of each model, and the seconds that all fits of the night took.",
        "",
    ]
    lines += [
        "| decided | nights of all history | " + " | ".join(NAMES[each] for each in shown) + " | seconds |"
    ]
    lines += ["|---|---:|" + "---:|" * (len(shown) + 1)]
    for night, each in learned.items():
        trees = [f"{each.trees[name]:.0f}" if name in each.trees else "" for name in shown]
        seconds = f"{sum(each.seconds.values()):.0f}"
        lines.append(f"| {night} | {each.nights[ALL]} | {' | '.join(trees)} | {seconds} |")
    why = "Empty: history was too short, or continuing gained nothing and the model stayed what it was."
    return "\n".join([*lines, "", why, ""])


def _limits(facts: Facts) -> str:
    return f"""## What it does not show

- One year. With all history at most a year long, nothing here says whether the same season of the year before helps.
- The year has one trend through it and one return (December after November), so "older" and "another season" are the
  same thing here.
- {len(facts.origins)} trainings; the oldest ages rest on the last of them only. Several comparisons were made: one of
  them may look sure by chance.
- One algorithm and one seed.
"""


def _both(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The row of AUC and that of the log loss."""
    return rows[rows["metric"] == "auc"].iloc[0], rows[rows["metric"] == "log_loss"].iloc[0]


def _signed(one: pd.Series) -> str:
    value, lower, upper = (round(float(one[name]), 4) + 0.0 for name in ("value", "lower", "upper"))
    told = f"{value:+.4f} ({lower:+.4f} to {upper:+.4f})"
    return f"**{told}**" if lower > 0 or upper < 0 else told
