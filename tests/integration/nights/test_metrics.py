"""The numbers that a dashboard draws are those of the night that was run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from redeye.champions import promotion_store
from redeye.declarations.calendar import cutoff
from redeye.foundation.cost_store import record_cost
from redeye.operations.collect_metrics import Sample, samples
from redeye.scoring.outputs_reader import OutputsReader
from redeye.stack.metrics_server import families
from redeye.warehouse import release_store

pytestmark = pytest.mark.integration


@pytest.fixture
def reader() -> Iterator[OutputsReader]:
    """Of the outputs of these nights."""
    opened = OutputsReader()
    yield opened
    opened.close()


def value(found: list[Sample], name: str, **labels: str) -> float:
    """Of the one sample with that name and those labels."""
    (sample,) = [each for each in found if each.name == name and labels.items() <= each.labels.items()]
    return sample.value


def test_they_are_those_of_the_newest_night(nights: Any, reader: OutputsReader) -> None:
    night = nights.next
    nights.build(night)
    with record_cost("redeye.scoring.score:score_night", night, model=nights.model, run_id="test"):
        scored = nights.score(night)

    found = list(samples(reader, datetime.now(UTC)))

    head, champion = release_store.latest_release(), promotion_store.read_champion(nights.model, night)
    assert head is not None
    assert champion is not None
    assert value(found, "newest_release_timestamp_seconds") == cutoff(head.night).timestamp()
    assert value(found, "newest_night_timestamp_seconds") == cutoff(night).timestamp()
    done = {
        stage: value(found, "stage_done", model=nights.model, stage=stage)
        for stage in ("released", "scored", "judged")
    }
    assert done == {"released": 1, "scored": 1, "judged": 0}
    assert value(found, "predictions_rows", model=nights.model) == scored["rows"]
    assert value(found, "predictions_degraded_rows", model=nights.model) == 0
    assert value(found, "champion_info", model=nights.model, version=str(champion.version)) == 1
    assert value(found, "champion_age_nights", model=nights.model) == (night - champion.effective_night).days
    assert value(found, "promotions", model=nights.model) == len(
        promotion_store.read_promotions(nights.model)
    )
    assert value(found, "night_cpu_seconds", job="score_night", model=nights.model) > 0
    assert value(found, "missing_nights") == 0
    assert all(
        len(family.samples) == len({tuple(s.labels.items()) for s in family.samples})
        for family in families(found)
    )
