from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import HTTPException

from redeye.foundation.settings import PROJECT_ROOT
from redeye.monitoring.logic.verdict import Button
from redeye_airflow.pages import charts
from redeye_airflow.pages.action_pages import ACTIONS
from redeye_airflow.pages.alert_pages import RUNBOOK
from redeye_airflow.pages.files import below
from redeye_airflow.pages.rendering import render_markdown, show_value

NIGHT = date(2013, 4, 4)


def test_loading_the_plugin_imports_none_of_the_pages() -> None:
    heavy = "{'duckdb', 'pandas', 'psycopg2', 'redeye_airflow.pages.app', 'redeye_airflow.pages.rendering'}"
    code = f"import redeye_plugin, sys; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    folders = [str(PROJECT_ROOT / part) for part in ("ml", "plugins")]
    start = f"import sys; sys.path[:0] = {folders}; {code}"
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "name", ["../out.html", "/etc/passwd", "link.html", "folder", "none.html", "x.py", "a\0b"]
)
def test_only_known_files_of_the_folder_itself_are_served(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "out.html").write_text("out", encoding="utf-8")
    (root / "x.py").write_text("code", encoding="utf-8")
    (root / "link.html").symlink_to(tmp_path / "out.html")
    with pytest.raises(HTTPException) as refused:
        below(root, name)
    assert refused.value.status_code == 404


def test_a_file_of_the_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("page", encoding="utf-8")
    assert below(tmp_path, "page.html").read_text(encoding="utf-8") == "page"


def test_markdown_is_shown_and_its_html_is_not_obeyed() -> None:
    shown = render_markdown("# Title\n\n| a |\n|---|\n| <script>x</script> |\n\n> quoted\n")
    assert "<h1" in shown
    assert "<table>" in shown
    assert "<blockquote>" in shown
    assert "<script>" not in shown


def test_links_of_the_runbook_lead_within_it_or_have_a_scheme() -> None:
    shown = render_markdown(RUNBOOK.read_text(encoding="utf-8"))
    places = re.findall(r'href="([^"]*)"', shown)
    headings = re.findall(r' id="([^"]*)"', shown)
    assert places
    assert [place for place in places if not place.startswith("https://") and place[1:] not in headings] == []


def test_a_link_to_another_file_is_text_that_names_it() -> None:
    shown = render_markdown("See [`the` rules](../rules.md#one) and [this](javascript:x).")
    assert '<span title="in ../rules.md"><code>the</code> rules</span>' in shown
    assert "href" not in shown


def test_a_plot_leaves_a_hole_where_nothing_was_measured_and_between_far_nights() -> None:
    values = [0.1, None, 0.2, 0.3]
    points = [(NIGHT + timedelta(days=day), value) for day, value in zip((0, 1, 2, 40), values, strict=True)]
    svg = charts.lines({"champion": points}, title="<b>")
    assert svg.count("<polyline") == 2
    assert svg.count("<circle") == 3
    assert "<b>" not in svg


def test_a_plot_of_nothing_says_so() -> None:
    assert "Nothing measured" in charts.lines({"champion": [(NIGHT, None)]}, title="AUC")
    assert "not measured" in charts.spark([], [], title="x")
    assert "No matured" in charts.calibration([], title="x")


def test_a_spark_marks_what_lies_beyond_its_threshold() -> None:
    nights = [NIGHT + timedelta(days=day) for day in range(3)]
    svg = charts.spark(
        list(zip(nights, (0.5, 2.0, 3.0), strict=True)), [(night, 1.0) for night in nights], title="x"
    )
    assert svg.count("dot bad") == 2


def test_the_buttons_that_a_verdict_names_are_there() -> None:
    assert {str(button) for button in Button} <= {action.title for action in ACTIONS.values()}


@pytest.mark.parametrize(
    ("stored", "local"),
    [
        ("2013-04-04T00:00", "2013-04-03 20:00 EDT"),
        ("2013-04-04T00:00+00:00", "2013-04-03 20:00 EDT"),
        ("2013-03-10T06:59", "2013-03-10 01:59 EST"),
        ("2013-03-10T07:00", "2013-03-10 03:00 EDT"),
    ],
)
def test_an_instant_is_shown_by_the_projects_clock_with_its_date_and_utc_when_pointed_at(
    stored: str, local: str
) -> None:
    instant = datetime.fromisoformat(stored)
    shown = show_value(instant)
    assert f">{local}</time>" in str(shown)
    assert f'title="{instant:%Y-%m-%d %H:%M} UTC"' in str(shown)


def test_what_is_no_instant_is_shown_as_it_is() -> None:
    assert [show_value(each) for each in ("JFK", date(2013, 4, 4), None)] == ["JFK", date(2013, 4, 4), None]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.7463, 0.763, "0.745 0.750 0.755 0.760 0.765"),
        (0.0, 1.0, "0.0 0.5 1.0"),
        (0.7471, 0.7471, "0.65 0.70 0.75 0.80 0.85"),
        (0.0, 0.0, "-0.5 0.0 0.5"),
        (-3.2, 41.0, "-20 0 20 40 60"),
    ],
)
def test_ticks_are_round_numbers_around_what_was_measured(low: float, high: float, ticks: str) -> None:
    assert " ".join(str(each) for each in charts.choose_ticks(low, high)) == ticks


def test_a_single_night_stands_in_the_middle_with_one_date() -> None:
    svg = charts.lines({"champion": [(NIGHT, 0.7471)]}, title="AUC")
    assert svg.count(f">{NIGHT}</text>") == 1
    assert 'cx="230.0"' in svg
