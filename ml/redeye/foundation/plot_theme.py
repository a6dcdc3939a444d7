"""The palette and the theme of every plot, and how one is drawn: the same rows give the same SVG text.

The style sheet of the operator's pages names the same colours; a test holds the two equal. Matplotlib takes a
second to import, hence inside the functions.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CHAMPION, HEURISTIC = "#0072b2", "#b34e00"
GOOD, WARNING, BAD = "#15803d", "#92400e", "#b91c1c"
AMBER = "#f59e0b"
"""Of areas, where the warning's own colour is too dark beside the bad one's."""
WARNING_AREA = "#fef3c7"
TEXT, QUIET, LINE = "#1f2937", "#6b7280", "#d1d5db"
DARK_TEXT, DARK_QUIET, DARK_GROUND = "#e5e7eb", "#9ca3af", "#121212"
"""Of a page's words where the reader's theme is dark; pictures keep the light one."""
SERIES = (CHAMPION, "#7e22ce", GOOD, "#0e7490", "#a16207", BAD, "#be185d")
"""For what has no role of its own, in this order."""

THEME: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.markersize": 4,
    "text.color": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    # Without random names, the same rows give the same file.
    "svg.hashsalt": "redeye",
    "svg.fonttype": "none",
}
PIXELS_PER_INCH = 110
# Between two series within one group, whose width is 1.
_APART = 0.12


def assign_colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each series, by its place; the heuristic's is always the same."""
    others = [name for name in dict.fromkeys(names) if name != "heuristic"]
    return {
        "heuristic": HEURISTIC,
        **{name: SERIES[place % len(SERIES)] for place, name in enumerate(others)},
    }


@contextmanager
def open_figure(width: float, height: float) -> Iterator[Figure]:
    """A figure in the theme, in inches, without pyplot's global state; it is drawn and rendered inside."""
    import matplotlib as mpl
    from cycler import cycler
    from matplotlib.figure import Figure

    with mpl.rc_context({**THEME, "axes.prop_cycle": cycler(color=SERIES)}):
        yield Figure(figsize=(width, height), layout="constrained", dpi=PIXELS_PER_INCH)


def render_svg(figure: Figure) -> str:
    """The figure as SVG text, without a date."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def draw_zero(axes: Axes, *, is_vertical: bool = False) -> None:
    """A line where nothing is gained and nothing lost."""
    draw = axes.axvline if is_vertical else axes.axhline
    draw(0, color=QUIET, linewidth=0.8)


def draw_intervals(
    axes: Axes, places: Sequence[float] | pd.Series, rows: pd.DataFrame, colour: str, label: str = ""
) -> None:
    """Points at places of the horizontal axis, between their bounds: rows of `value`, `lower` and `upper`."""
    value, lower, upper = (rows[name].to_numpy() for name in ("value", "lower", "upper"))
    reach = [value - lower, upper - value]
    axes.errorbar(list(places), value, yerr=reach, fmt="o", color=colour, label=label or None)


def draw_groups(
    axes: Axes, rows: pd.DataFrame, groups: Sequence[str], series: Mapping[str, str], *, by: str
) -> None:
    """Intervals of several series beside each other within each month.

    Args:
        axes: to draw on.
        rows: with `month`, `value`, `lower`, `upper` and the column `by`.
        groups: the months, in their order.
        series: titles by value of `by`, in their order.
        by: the column that tells the series apart.
    """
    colours = assign_colours(series)
    for position, (name, title) in enumerate(series.items()):
        mine = rows[rows[by] == name]
        shift = (position - (len(series) - 1) / 2) * _APART
        draw_intervals(
            axes, [groups.index(month) + shift for month in mine["month"]], mine, colours[name], title
        )
    axes.set_xticks(range(len(groups)), groups)
