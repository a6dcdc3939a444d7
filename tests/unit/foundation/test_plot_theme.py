"""One palette for plots and for the operator's pages, and the same rows give the same picture."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from redeye.foundation import plot_theme
from redeye.foundation.settings import PROJECT_ROOT

STYLE = PROJECT_ROOT / "plugins" / "redeye_airflow" / "pages" / "static" / "redeye.css"


@pytest.mark.parametrize(
    ("variable", "colour"),
    [
        ("series-1", plot_theme.CHAMPION),
        ("series-2", plot_theme.HEURISTIC),
        ("good", plot_theme.GOOD),
        ("warn", plot_theme.WARNING),
        ("warn-bg", plot_theme.WARNING_AREA),
        ("bad", plot_theme.BAD),
    ],
)
def test_the_style_sheet_has_the_palette(variable: str, colour: str) -> None:
    light = STYLE.read_text(encoding="utf-8").split(':root[data-theme="dark"]')[0]
    assert re.search(rf"--{variable}: (#\w+);", light)[1] == colour


def test_no_other_module_names_a_colour() -> None:
    theme = PROJECT_ROOT / "ml" / "redeye" / "foundation" / "plot_theme.py"
    colour = re.compile(r"#[0-9a-fA-F]{6}\b|: #[0-9a-fA-F]{3}\b|[\"']tab:\w+[\"']")
    files = [path for kind in ("*.py", "*.j2") for path in (PROJECT_ROOT / "ml").rglob(kind) if path != theme]
    assert not [path for path in files if colour.search(path.read_text(encoding="utf-8"))]


def test_a_series_keeps_its_colour_whoever_stands_beside_it() -> None:
    both, alone = plot_theme.assign_colours(["a", "heuristic", "b"]), plot_theme.assign_colours(["a", "b"])
    assert both == alone
    assert both["heuristic"] == plot_theme.HEURISTIC
    assert len(set(both.values())) == 3


def test_the_same_rows_give_the_same_svg() -> None:
    rows = pd.DataFrame(
        {"month": ["m", "n"], "kind": "a", "value": [1.0, 2.0], "lower": [0.5, 1.5], "upper": [1.2, 2.5]}
    )

    def draw() -> str:
        with plot_theme.open_figure(4, 3) as figure:
            axes = figure.subplots()
            plot_theme.draw_groups(axes, rows, ["m", "n"], {"a": "the kind"}, by="kind")
            plot_theme.draw_zero(axes)
            axes.legend()
            return plot_theme.render_svg(figure)

    assert draw() == draw()
    assert "the kind" in draw()
    assert plot_theme.CHAMPION in draw()
