"""The page docs/results/interval-error.md: tables of errors and power."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from redeye.declarations.specs import Spec
from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import Table, render_markdown
from redeye.models.logic.night_statistics import ASSUMED_CORRELATION, Floats
from redeye.studies.interval_error.logic import interval_error as measured
from redeye.studies.interval_error.logic import rollback_error
from redeye.studies.interval_error.logic.made_nights import SHOCKS
from redeye.studies.page_origin import write_origin

# What the page asks of a window in its first lines.
EFFECT, CORRELATION = 0.5, 0.2
# Three times as skewed as an exponential, and more than nights that were seen: told apart.
HEAVIEST = "lognormal"


def write_page(folder: Path, spec: Spec, pairs: Mapping[str, Floats], source: str) -> Path:
    """Measure on made-up nights and on real ones, and write the page.

    Args:
        folder: of the page.
        spec: of the model.
        pairs: by name, how much better a model is than another, by real night in order.
        source: what these are, as sentences.
    """
    errors, power = measured.measure_made_errors(), measured.measure_power()
    rollbacks = rollback_error.measure_made_rollbacks()
    usual = power[(power["correlation"] == CORRELATION) & (power["effect"] == EFFECT)]
    text = render_markdown(
        "studies/interval_error/interval_error.md.j2",
        spec=spec,
        assumed=ASSUMED_CORRELATION,
        runs=measured.RUNS,
        seed=measured.SEED,
        calibration_runs=measured.CALIBRATION_RUNS,
        worst=f"{errors[[name for name in SHOCKS if name != HEAVIEST]].to_numpy().max():.1%}",
        heaviest=HEAVIEST,
        worst_of_heaviest=f"{errors[HEAVIEST].max():.1%}",
        errors=tabulate(errors, {"nights": "{:.0f}", "correlation": "{:.1f}"}),
        power=_tabulate_power(power),
        found={int(row["nights"]): f"{row['power']:.0%}" for _, row in usual.iterrows()},
        effect=EFFECT,
        correlation=CORRELATION,
        calibration=tabulate(measured.measure_calibration_errors(), {"correlation": "{:.1f}"}),
        rollbacks=tabulate(rollbacks, {"correlation": "{:.1f}"}),
        rollback=rollback_error,
        most_blocked=f"{rollbacks['equal_in_a_season'].max():.1%}",
        real={name: _describe_pair(gains) for name, gains in pairs.items()},
        source=source,
        origin=write_origin("interval-error", spec.model),
    )
    page = folder / "interval-error.md"
    write_text(page, text)
    return page


def tabulate(rows: pd.DataFrame, forms: dict[str, str]) -> Table:
    """Rows as they are; numbers without a form of their own are shares."""
    cells = [
        [
            value if isinstance(value, str) else forms.get(str(column), "{:.1%}").format(value)
            for column, value in row.items()
        ]
        for row in rows.to_dict("records")
    ]
    heads = [str(column).replace("_", " ") for column in rows.columns]
    return Table(heads, cells, numbers=range(1, len(heads)))


def _describe_pair(gains: Floats) -> dict[str, object]:
    return {
        "nights": len(gains),
        "effect": f"{gains.mean() / gains.std(ddof=1):.2f}",
        "correlation": f"{measured.estimate_correlation(gains):.2f}",
        "errors": tabulate(measured.measure_real_errors(gains), dict.fromkeys(("nights", "apart"), "{:.0f}")),
    }


def _tabulate_power(power: pd.DataFrame) -> Table:
    wide = power.pivot(index="nights", columns=["effect", "correlation"], values="power")
    heads = ["nights", *(f"{one[0]:g} SD, {one[1]:g}" for one in wide.columns.to_flat_index())]
    cells = [
        [str(nights), *(f"{value:.0%}" for value in row)]
        for nights, row in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    return Table(heads, cells, numbers=range(len(heads)))
