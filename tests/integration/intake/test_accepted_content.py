"""What a build may load: the content whose last judgement is acceptance, no other of the same night."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from redeye.foundation.errors import DeliveryError
from redeye.foundation.settings import settings
from redeye.sources import delivery_store
from redeye.sources.logic.deliveries import DeliveryRef

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("stack_env")]

NIGHT = date(1999, 4, 4)


@pytest.mark.parametrize("dataset", ["schedule", "weather"])
def test_content_counts_while_its_last_judgement_is_acceptance(dataset: str) -> None:
    path = settings().landing / f"{dataset}.csv"
    ref = DeliveryRef("test", dataset, NIGHT, "ab" * 8, path, 1, False, NIGHT)
    delivery_store.require_accepted([])
    with pytest.raises(DeliveryError, match=rf"not accepted.*{path}"):
        delivery_store.require_accepted([ref])
    delivery_store.record_deliveries([ref], is_accepted=True)
    delivery_store.require_accepted([ref])
    with pytest.raises(DeliveryError, match="not accepted"):
        delivery_store.require_accepted([ref, replace(ref, content_hash="cd" * 8)])
    delivery_store.record_deliveries([ref], is_accepted=False)
    with pytest.raises(DeliveryError, match="not any more"):
        delivery_store.require_accepted([ref])
