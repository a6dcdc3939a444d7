"""Which releases are materialized."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from redeye.features import feast_online
from redeye.features.materialize import materialize_night
from redeye.foundation.errors import NotReleased
from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import ReleaseKind

NIGHT = date(2013, 4, 4)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    made: list[tuple[object, ...]] = []

    def materialize(*arguments: object) -> dict[str, int]:
        made.append(arguments)
        return {"carrier_delays": 16}

    monkeypatch.setattr(feast_online, "materialize", materialize)
    return made


@pytest.mark.parametrize("kind", [ReleaseKind.NIGHTLY, ReleaseKind.HISTORY])
def test_a_night_is_materialized_from_its_release(
    kind: ReleaseKind, calls: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = SimpleNamespace(kind=kind, snapshot_id=7, release_id="2013-04-04.r1")
    monkeypatch.setattr(release_store, "release", lambda night: release if night == NIGHT else None)
    assert materialize_night(NIGHT) == {"carrier_delays": 16}
    assert calls == [(7, NIGHT, "2013-04-04.r1")]


@pytest.mark.parametrize("kind", [ReleaseKind.REPAIR, ReleaseKind.REBUILD])
def test_repairs_and_rebuilds_change_nothing_online(
    kind: ReleaseKind, calls: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = SimpleNamespace(kind=kind, snapshot_id=7, release_id="2013-04-04.r2")
    monkeypatch.setattr(release_store, "release", lambda _: release)
    assert materialize_night(NIGHT) == {}
    assert calls == []


def test_a_night_without_release_says_what_to_do(
    calls: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_store, "release", lambda _: None)
    with pytest.raises(NotReleased, match="build night 2013-04-04 first"):
        materialize_night(NIGHT)
    assert calls == []
