"""Pages of a project that is not flights show its columns in its words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from made_tickets import DAY, MODEL, NIGHT, open_outputs, run_helpdesk
from prediction_frames import KIND
from starlette.requests import Request

from redeye.declarations.project import Project
from redeye.models.logic.blocks import Form, Shares, Table
from redeye.scoring.logic.outcomes import judge
from redeye.scoring.outputs_reader import OutputsReader
from redeye_airflow.pages import charts
from redeye_airflow.pages.rendering import render_page


@pytest.fixture(autouse=True)
def helpdesk(tmp_path: Path) -> Iterator[Project]:
    with run_helpdesk(tmp_path) as declared:
        yield declared


@pytest.fixture
def outputs() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_outputs() as con:
        yield con


def rendered(page: str, **values: object) -> str:
    user = SimpleAuthManagerUser(username="ana", role="viewer")
    scope = {
        "type": "http",
        "path": "/predictions",
        "root_path": "",
        "headers": [],
        "state": {"redeye_user": user},
    }
    return bytes(render_page(Request(scope), page, **values).body).decode()


SEARCHED = {
    "shown": [("probability", "Probability")],
    "baseline": [("baseline_probability", "Heuristic")],
    "outcomes": None,
    "positive": "escalated",
    "model": MODEL,
    "models": [MODEL],
    "day": "",
    "is_asked": True,
    "fault": "",
    "nights": 14,
    "most": 200,
    "text": "",
    "sort": "-probability",
    "number": 1,
    "listed": lambda **changed: f"?{changed}",
}


def find_network(outputs: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    reader = OutputsReader()
    reader._con = outputs
    return [
        judge(row, True, KIND) for row in reader.find_predictions(MODEL, NIGHT, NIGHT, {"queue": "network"})
    ]


def test_a_night_of_another_kind_is_summed_up_by_its_hits_and_what_the_kind_shows(
    outputs: duckdb.DuckDBPyConnection,
) -> None:
    head = (("Came", Form.TEXT), ("Rows", Form.COUNT), ("said fine", Form.COUNT), ("Share", Form.SHARE))
    table, picture = Table(head, [("heavy", 4, 3, 0.75)], "What came."), Shares("By tenths", [(0.5, 0.25, 4)])
    outcomes = {
        "night": NIGHT,
        "rows": 5,
        "known": 4,
        "hits": 3,
        "hit": "the likeliest class came",
        "final": DAY,
        "is_final": False,
        "drawn": [(block, *charts.draw_block(block, "tickets")) for block in (picture, table)],
    }
    found = rendered(
        "predictions/search.html",
        rows=find_network(outputs),
        asked={"queue": "network"},
        **{**SEARCHED, "outcomes": outcomes},
    )
    assert "The outcome of 4 of 5 tickets is known." in found
    assert "<strong>3 hits, 1 misses</strong>: in 75.0% the likeliest class came." in found
    assert "<figcaption>By tenths</figcaption>" in found
    heads = ("Came</th>", '"n">Tickets</th>', '"n">said fine</th>', '"n">Share</th>')
    assert all(each in found for each in heads)
    assert '<td>heavy</td><td class="n">4</td><td class="n">3</td><td class="n">75.0%</td>' in found
    assert "one half" not in found


def test_pages_show_its_columns(outputs: duckdb.DuckDBPyConnection) -> None:
    reader = OutputsReader()
    reader._con = outputs
    found = rendered(
        "predictions/search.html", rows=find_network(outputs), asked={"queue": "network"}, **SEARCHED
    )
    assert all(
        f">{title}</a></th>" in found
        for title in ("Opened_on", "Ticket_id", "Waits in", "Opened_by", "Opened")
    )
    assert f'href="/predictions/{MODEL}/live/T-0017">T-0017</a>' in found
    assert 'name="queue" value="network" placeholder="billing"' in found
    assert '<td class="t">escalated</td><td><span class="badge good">hit</span></td>' in found
    row = judge(reader.prediction(MODEL, "T-0017") or {}, None, KIND)
    rights = {"may_explain": True, "may_export": False}
    one = rendered("predictions/prediction.html", row=row, **SEARCHED, **rights)
    assert "90.0% <small>" in one
    assert "<dd>not known yet</dd>" in one
    assert "/explanation" in one
    assert "<form" not in one
    assert "<title>T-0017" in one
    assert "waits in network, opened_by ana" in one
