"""Who is asked to predict, in which order, and what a night that was scored before says of who served."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.succession import VersionBlock
from redeye.scoring import outputs_store, predict, score
from redeye.scoring.predict import HEURISTIC, LAST_RESORT, VERSION, Basis
from redeye.warehouse import release_store

FIRST = date(2013, 4, 1)


def promotion(version: int, effective: int) -> Promotion:
    night = FIRST + timedelta(days=effective)
    kind = PromotionKind.PROMOTION if version > 1 else PromotionKind.FIRST
    place, why = ("there", "hash"), ("a test", {}, "test", "test")
    return Promotion(version, "m", version, "any", "m_v1", *place, night, night, *why, kind)


LEDGER = [promotion(1, 0), promotion(2, 10), promotion(3, 20), promotion(4, 30)]
NIGHT = FIRST + timedelta(days=35)


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """What the last verdict on each version said, by version."""
    said = {2: "ok", 3: "ok"}
    served = {row.effective_night: row.version for row in LEDGER}

    def read(table: str, model: str, first: date, last: date) -> pd.DataFrame:
        assert (table, model) == ("verdicts", "m")
        assert last < NIGHT
        version = served[first]
        nights = [last, first] if version in said else []
        return pd.DataFrame({"night": nights, "verdict": [said[version], "retrain"] if nights else []})

    monkeypatch.setattr(outputs_store, "read", read)
    monkeypatch.setattr(promotion_store, "read_promotions", lambda model: LEDGER)
    monkeypatch.setattr(block_store, "read_blocks", lambda model: [])
    return said


def basis(recorded: str | None = None) -> Basis:
    return Basis(SimpleNamespace(), (), recorded)  # type: ignore[arg-type]


def versions(recorded: str | None = None, champion: Promotion = LEDGER[3]) -> list[int]:
    found = predict._list_versions("m", champion, LEDGER[0], basis(recorded), NIGHT)
    return [each.version for each in found]


@pytest.mark.usefixtures("verdicts")
def test_after_the_champion_comes_the_version_that_last_served_well() -> None:
    assert versions() == [4, 3]


def test_a_version_that_was_found_bad_or_never_judged_is_passed_over(verdicts: dict[int, str]) -> None:
    verdicts[3] = "roll back"
    assert versions() == [4, 2]
    del verdicts[3]
    assert versions() == [4, 2]


@pytest.mark.usefixtures("verdicts")
def test_a_blocked_version_does_not_come_back_by_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    block = VersionBlock(1, 3, True, NIGHT, "worse", "test")
    monkeypatch.setattr(block_store, "read_blocks", lambda model: [block])
    assert versions() == [4, 2]


@pytest.mark.usefixtures("verdicts")
def test_the_heuristic_is_no_version_to_try_as_it_is_every_rows_baseline() -> None:
    assert versions(champion=replace(LEDGER[0], effective_night=LEDGER[3].effective_night)) == [3]


@pytest.mark.usefixtures("verdicts")
def test_a_night_that_stands_is_scored_by_who_served_it() -> None:
    assert versions("version 4 failed (OSError: away), version 2 serves") == [2]
    assert versions("version 4 refused, the heuristic serves") == []
    assert versions("")[0] == 4


@pytest.mark.parametrize(
    ("recorded", "server"),
    [
        (None, ""),
        ("", ""),
        ("version 3 refused, the heuristic serves", HEURISTIC),
        ("version 3 refused, the heuristic refused, the heuristic, unaudited, serves", HEURISTIC),
        ("version 4 failed (OSError: away), version 2 serves", VERSION),
        ("the heuristic failed (OSError: away), version 4 serves", VERSION),
        ("the heuristic failed (A: b), version 4 failed (C: d), the last resort serves", LAST_RESORT),
    ],
)
def test_the_reason_tells_who_served(recorded: str | None, server: str) -> None:
    assert basis(recorded).server == server


@pytest.mark.parametrize(
    ("reported", "reasons", "recorded"),
    [
        ("", (), ""),
        ("night 2013-05-06: late; assumed", ("night 2013-05-06: late", "assumed"), ""),
        (
            "night 2013-05-06: late; version 3 refused, the heuristic serves",
            ("night 2013-05-06: late",),
            True,
        ),
        ("the heuristic failed (A: b), version 4 serves", (), True),
    ],
)
def test_what_was_recorded_is_told_apart_by_what_it_is_about(
    monkeypatch: pytest.MonkeyPatch, reported: str, reasons: tuple[str, ...], *, recorded: str | bool
) -> None:
    monkeypatch.setattr(release_store, "release_named", lambda name: SimpleNamespace())
    found = score.read_basis(
        pd.DataFrame({"release_id": ["r1"], "degraded_reason": [reported], "recalibration_night": [None]})
    )
    assert found.reasons == reasons
    assert found.recorded == (reported.split("; ")[-1] if recorded else "")
