from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path, PurePosixPath

import pytest
from fastapi import HTTPException

from redeye.foundation.settings import PROJECT_ROOT
from redeye.monitoring.logic.verdict import Button
from redeye_airflow.pages.action_pages import ACTIONS
from redeye_airflow.pages.alert_pages import RUNBOOK
from redeye_airflow.pages.files import below, seal_data_docs
from redeye_airflow.pages.rendering import render_markdown, show_value
from redeye_airflow.pages.report_pages import describe_report


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


@pytest.mark.parametrize(
    ("path", "title", "back"),
    [
        ("flight_delay/2013-04-04/week.html", "Drift report", "/nights/2013-04-04"),
        ("season/flight_delay-2013-04-01-2013-04-09.html", "Season report", "/models/flight_delay"),
        ("backtest/backtest.html", "Backtest report", "/"),
        ("flight_delay/elsewhere/week.html", "Flight_delay report", "/"),
    ],
)
def test_the_bar_above_a_report_leads_back_to_what_it_is_of(path: str, title: str, back: str) -> None:
    shown = describe_report(PurePosixPath(path))
    assert (shown.title, shown.back[0], shown.source) == (title, back, f"/files/reports/{path}")


def test_a_page_of_great_expectations_as_an_earlier_version_wrote_it_is_sealed() -> None:
    written = (
        '<head><link rel="stylesheet" href="https://a.example/x.css"></head><td><i class="fas fa-check text-success" '
        'aria-hidden="true"></i><i class="fas fa-exclamation text-warning"></i></td>'
        "<td><SCRIPT>alert(1)</SCRIPT >N1</td>"
        '<a class="x" href="../../expectations/water.html">water</a><a href="#section-1">below</a>'
    )
    shown = seal_data_docs(written)
    assert (
        '<td><b class="text-success">passed</b><b class="text-warning">could not be evaluated</b></td>'
        in shown
    )
    assert shown.endswith('<td>N1</td><a class="x">water</a><a href="#section-1">below</a>')
    assert "example" not in shown


def test_markdown_is_shown_and_its_html_is_not_obeyed() -> None:
    shown = render_markdown("# Title\n\n| a |\n|---|\n| <script>x</script> |\n\n> quoted\n")
    assert "<h1" in shown
    assert re.search(r'<div class="scroll">\s*<table>', shown)
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
