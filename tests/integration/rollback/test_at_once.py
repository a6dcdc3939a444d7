"""Ends of two trainings, a rollback and a backfill at once: what comes out is that of some order of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from waiting import PATIENCE_SECONDS

from redeye.champions import promotion_store
from redeye.champions.logic.succession import find_champion
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.promotion import approve, decision_store
from redeye.scoring import outputs_store
from rollback.conftest import Champions, night

pytestmark = pytest.mark.integration

LAST = 27

# What scoring does around its predictions: who is champion, work of 0.3 s, and one write if that still holds.
BACKFILL = """
import time
import pandas as pd
from datetime import timedelta
from redeye.scoring import outputs_store; from redeye.champions import promotion_store
from redeye.scoring.score import ChampionChanged, _check_champion
from redeye.foundation.settings import settings
from waiting import until
model, number = {model!r}, 21
# Not before both are about to decide: on a busy machine all nights would be over by then.
until(lambda: len([*settings().home.glob(f"ready-{{model}}-*")]) == 2)
while number <= {last}:
    night = date(2013, 4, 1) + timedelta(days=number)
    champion = promotion_store.read_champion(model, night)
    time.sleep(0.3)
    row = dict(model=model, lane="live", night=night, flight_id=str(number), model_version=champion.version)
    try:
        outputs_store.write_once(
            dict(predictions=pd.DataFrame([row])), model=model, night=night, run_id="backfill",
            check=lambda: _check_champion(model, night, champion),
        )
    except ChampionChanged:
        continue
    number += 1
"""
SETTLE = """
from redeye.foundation.errors import AlreadyDecided
from redeye.foundation.settings import settings
from redeye.promotion import approve as approval
(settings().home / "ready-{model}-{night}").touch()
try:
    approval.settle({model!r}, date.fromisoformat({night!r}), is_approved=True, person="a person")
except AlreadyDecided:
    pass
"""
# In the midst of it, and while promotions are decided.
ROLL_BACK = """
from redeye.promotion import rollback
from redeye.scoring import outputs_store
from waiting import until
until(lambda: outputs_store.list_scored_nights({model!r}, date(2013, 4, 22), date(2013, 4, 30)))
rollback.roll_back({model!r}, reason="bad", actor="a person")
"""


@pytest.mark.parametrize("is_rolled_back", [False, True])
def test_the_outcome_is_that_of_some_order(
    registered: Champions, run: Callable[..., Any], is_rolled_back: bool
) -> None:
    model = registered.model
    for version, number in ((4, 19), (5, 20)):
        registered.propose(version, number)
    calls = [SETTLE.format(model=model, night=str(night(number))) for number in (19, 20)]
    calls += [BACKFILL.format(model=model, last=LAST)] + [ROLL_BACK.format(model=model)] * is_rolled_back
    ended = [(one, one.communicate(timeout=PATIENCE_SECONDS)) for one in [run(call) for call in calls]]
    for one, (_, errors) in ended:
        assert one.returncode == 0, errors[-3000:]

    rows = promotion_store.read_promotions(model)
    assert [row.previous_id for row in rows[1:]] == [row.promotion_id for row in rows[:-1]]
    # Both were judged against version 3: no more than one of them can follow it.
    promoted = {row.version for row in rows} & {4, 5}
    assert len(promoted) == 1 or (is_rolled_back and not promoted)
    assert {row.candidate_version: row.is_promoted for row in decision_store.trainings(model)} == {
        version: version in promoted for version in (4, 5)
    }
    assert [approve.find_awaiting(model, night(number)) for number in (19, 20)] == [None, None]
    assert len(rows) == 3 + len(promoted) + is_rolled_back
    # Nothing took effect on a night that was scored: the ledger of the end says who scored each night.
    scored = outputs_store.read("predictions", model, night(21), night(LAST)).sort_values("night")
    assert [day.date() for day in scored["night"]] == [night(number) for number in range(21, LAST + 1)]
    for day, version in zip(scored["night"], scored["model_version"], strict=True):
        champion = find_champion(rows, day.date())
        assert champion is not None
        assert champion.version == version


def test_a_night_that_is_scored_while_a_person_approves_refuses_nothing(
    registered: Champions, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = registered.model
    registered.propose(4, 20)
    acquire = lease.acquire

    def acquire_last(catalog: Catalog, holder: str, **limits: int) -> int:
        if holder.startswith("promote/"):
            for number in (21, 22, 23):
                registered.score(number)
        return acquire(catalog, holder, **limits)

    monkeypatch.setattr(lease, "acquire", acquire_last)
    approve.settle(model, night(20), is_approved=True, person="a person")
    (row,) = promotion_store.read_promotions(model)[3:]
    assert (row.version, row.effective_night) == (4, night(24))
