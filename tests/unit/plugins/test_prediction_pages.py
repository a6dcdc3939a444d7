"""What the pages show of a prediction: of each kind, in its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from made_classes import CLASSES, make_spec

from redeye.operations import model_status
from redeye_airflow.pages import rendering
from redeye_airflow.pages.prediction_pages import _list_columns


def show(template: str, **values: Any) -> str:
    environment: jinja2.Environment = rendering._TEMPLATES
    return environment.from_string(template).render(**values)


def test_of_several_classes_the_likeliest_is_named_and_each_has_the_share_of_model_and_heuristic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_status, "specs", lambda: {"fate": make_spec(tmp_path)})
    columns = _list_columns("fate")
    assert [title for _, title in columns["shown"]] == ["Likeliest", *CLASSES]
    assert [title for _, title in columns["baseline"]] == [f"Heuristic: {each}" for each in CLASSES]
    (likeliest, _), (first, _), *_ = columns["shown"]
    row = {likeliest: CLASSES[0], first: 0.6543}
    assert show("{{ m.said(row, name) }}", row=row, name=likeliest) == CLASSES[0]
    assert show("{{ m.said(row, name) }}", row=row, name=first) == "65.4%"


def test_a_yes_or_no_has_one_share_beside_that_of_the_heuristic() -> None:
    columns = _list_columns("flight_delay")
    assert columns["shown"] == [("probability", "Probability")]
    assert columns["baseline"] == [("baseline_probability", "Heuristic")]
    assert _list_columns("unknown") == {"shown": [], "baseline": []}


@pytest.mark.parametrize(
    ("came", "text"),
    [
        (None, "not known yet"),
        ("cancelled", "cancelled"),
        (12.34, "12.3"),
        (True, "late"),
        (False, "not late"),
    ],
)
def test_an_outcome_is_shown_as_its_kind_has_it(came: object, text: str) -> None:
    assert show("{{ m.outcome(came, 'late') }}", came=came) == text
