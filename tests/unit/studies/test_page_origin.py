"""A page of results says when it was made, by which code, and of what; the committed ones tell of today's spec."""

from __future__ import annotations

import pytest
from made_rows import SPEC

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import RESULTS
from redeye.studies.page_origin import PARTS, make_mark, write_origin


@pytest.mark.parametrize("page", sorted(PARTS))
def test_a_page_of_results_is_no_older_than_what_it_tells_of(page: str):
    text = (RESULTS / f"{page}.md").read_text(encoding="utf-8")
    assert make_mark(page, SPEC) in text, f"docs/results/{page}.md tells of an earlier spec: make it anew"
    assert "Made on 20" in text


def test_the_mark_changes_with_what_the_page_tells_of_and_with_nothing_else():
    gates = SPEC.gates.model_copy(update={"minimum_rows": 1})
    changed = SPEC.model_copy(update={"gates": gates, "owner": "another"})
    assert make_mark("evidence", changed) == make_mark("evidence", SPEC)
    assert make_mark("gates", changed) != make_mark("gates", SPEC)
    fewer = SPEC.model_copy(update={"features": SPEC.features[1:]})
    assert all(make_mark(page, fewer) != make_mark(page, SPEC) for page in PARTS)


def test_the_origin_names_day_commit_and_mark():
    day, mark = write_origin("evidence", SPEC.model).splitlines()
    assert day.startswith("Made on 20")
    assert mark == make_mark("evidence", SPEC)


def test_an_unknown_page_is_refused():
    with pytest.raises(ConfigError, match="no page of results is called 'evidenec'"):
        make_mark("evidenec", SPEC)
