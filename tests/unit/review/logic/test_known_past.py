"""A model that would learn from nights of which nothing is known is refused, until enough nights came live."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from redeye.declarations.project import project
from redeye.declarations.specs import load_spec
from redeye.foundation.settings import SPECS
from redeye.models.logic.splits import find_first_training
from redeye.review.logic.known_past import list_unknown_pasts
from redeye.warehouse.logic.releases import CodeNode

SPEC = load_spec(SPECS / "flight_delay.yaml")
LIVE = date(2026, 12, 1)
READY = find_first_training(LIVE, SPEC.split, maturity=SPEC.label_maturity_nights)
NODES = (CodeNode("model.a.b", SPEC.population.relation, "sum", ("source.a.raw.made__shops",)),)


def find(
    until: date = LIVE, *, known_at: object = "delivery", history: str = "unknown", **clock: date
) -> list[str]:
    said = project().model_dump(by_alias=True, exclude_none=True, exclude={"source"})
    changes = {"mode": "snapshot"} if known_at != "delivery" else {"mode": "snapshot", "history": history}
    said |= {
        "project": "made",
        "clock": said["clock"] | {"live_from": LIVE} | clock,
        "datasets": {"shops": {"python": "a:b", "known_at": known_at, "changes": changes}},
    }
    declared = type(project()).model_validate(
        {key: value for key, value in said.items() if value is not None}
    )
    return [str(each) for each in list_unknown_pasts(declared, NODES, [SPEC], until=until)]


def test_a_dataset_of_unknown_history_is_refused_with_its_key_its_reader_and_what_to_do() -> None:
    (said,) = find()
    assert said.startswith(
        "datasets.shops.changes.history: unknown, and read by the population of flight_delay"
    )
    assert "say assumed_constant if it is believed" in said
    nights = (READY - LIVE).days + 1
    assert f"or wait for {nights} live nights, to {READY}" in said


@pytest.mark.parametrize(("after", "count"), [(-1, 1), (0, 0)])
def test_it_may_be_trained_on_once_all_windows_lie_in_live_nights(after: int, count: int) -> None:
    assert len(find(READY + timedelta(days=after))) == count


def test_what_is_known_or_assumed_or_has_no_history_is_not_refused() -> None:
    assert find(history="assumed_constant") == []
    assert find(known_at={"column": "at"}) == []
    assert find(history_from=LIVE) == []
