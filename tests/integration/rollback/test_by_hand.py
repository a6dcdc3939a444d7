"""Rolling back by hand: at once, to the version last serving well, and the bad one stays away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd
import psycopg2
import pytest
from waiting import PATIENCE_SECONDS

from redeye.champions import promotion_store
from redeye.champions.logic.verdicts import Verdict
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import AlreadyDecided, ConfigError, VersionIsBlocked
from redeye.foundation.postgres import ledger_transaction
from redeye.foundation.settings import PROJECT_ROOT
from redeye.promotion import rollback
from redeye.scoring import outputs_store, score
from redeye.scoring.logic.predictions import LIVE
from rollback.conftest import Champions, night

pytestmark = pytest.mark.integration

# What takes seconds to import, or needs a server that may be down.
HEAVY = {
    "mlflow",
    "torch",
    "xgboost",
    "feast",
    "evidently",
    "great_expectations",
    "dbt",
    "airflow",
    "sklearn",
}


def roll_back(champions: Champions, **options: Any) -> rollback.RollbackResult:
    return rollback.roll_back(champions.model, reason="bad predictions", actor="a person", **options)


def test_it_returns_to_who_served_well_and_bars_the_bad_one_in_one_step(champions: Champions) -> None:
    foreseen = rollback.preview_rollback(champions.model)
    assert len(champions.rows()) == 3
    done = roll_back(champions)
    assert [foreseen.left, foreseen.promotion.version] == [done.left, done.promotion.version]
    assert foreseen.promotion.effective_night == done.promotion.effective_night
    nights = [[(each.standing, each.first, each.last) for each in one.turns] for one in (foreseen, done)]
    assert nights[0] == nights[1]
    assert (done.promotion.version, done.left, done.is_blocked, done.is_new) == (2, 3, True, True)
    again = rollback.preview_rollback(champions.model)
    assert (again.promotion, again.is_new) == (done.promotion, False)
    assert champions.rows() == [(1, "first"), (2, "promotion"), (3, "promotion"), (2, "rollback")]
    assert champions.blocked() == [(3, True)]
    assert (done.promotion.decided_night, done.promotion.effective_night) == (night(20), night(21))
    # From the next row that is scored on, and for no night that is.
    served = [promotion_store.read_champion(champions.model, night(number)) for number in (20, 21)]
    assert [row.version for row in served if row] == [3, 2]
    assert done.promotion.previous_id == promotion_store.read_promotions(champions.model)[2].promotion_id
    assert done.promotion.evidence["version"] == 2
    assert done.promotion.evidence["rollback"]["from_version"] == 3


def test_the_same_command_again_changes_nothing(champions: Champions) -> None:
    first, again = roll_back(champions), roll_back(champions)
    assert again.promotion == first.promotion
    assert not again.is_new
    assert len(champions.rows()) == 4
    champions.score(21)
    assert roll_back(champions).promotion.version == 1
    assert champions.blocked() == [(3, True), (2, True)]


def test_a_version_that_ended_badly_is_passed_over(champions: Champions) -> None:
    champions.promote(4, 20)
    champions.score(22)
    champions.say({22: Verdict.OK})
    # Version 3 ended with `retrain`.
    assert roll_back(champions).promotion.version == 2


def test_what_was_decided_and_did_not_serve_yet_is_withdrawn(champions: Champions) -> None:
    champions.promote(4, 20)
    foreseen = rollback.preview_rollback(champions.model)
    done = roll_back(champions)
    assert (done.promotion.version, done.left) == (2, 3)
    for each in (foreseen, done):
        assert [(row.version, row.effective_night) for row in each.withdrawn] == [(4, night(22))]
        assert [turn.standing for turn in each.turns] == ["served"] * 3 + ["withdrawn", "serves"]
    champion = promotion_store.read_champion(champions.model, night(40))
    assert champion is not None
    assert champion.version == 2


def test_to_a_version_of_ones_choice_but_not_to_a_barred_or_unknown_one(champions: Champions) -> None:
    rollback.block_version(champions.model, 2, is_blocked=True, reason="a leak", actor="a person")
    with pytest.raises(VersionIsBlocked, match="version 2 is blocked"):
        roll_back(champions, to=2)
    with pytest.raises(ConfigError, match="version 9 never was champion; there are 1, 2, 3"):
        roll_back(champions, to=9)
    with pytest.raises(ConfigError, match="champion already"):
        roll_back(champions, to=3)
    assert len(champions.rows()) == 3
    assert roll_back(champions).promotion.version == 1


def test_a_barred_version_comes_back_only_after_a_person_said_so(champions: Champions) -> None:
    roll_back(champions)
    with pytest.raises(VersionIsBlocked, match=r"version 3 is blocked since night .*bad predictions"):
        champions.promote(3, 20)
    with pytest.raises(ConfigError, match="blocked already"):
        rollback.block_version(champions.model, 3, is_blocked=True, reason="again", actor="a person")
    rollback.block_version(champions.model, 3, is_blocked=False, reason="the data was bad", actor="a person")
    assert champions.promote(3, 20).version == 3
    assert champions.blocked() == [(3, True), (3, False)]


def test_the_last_resort_is_never_barred(champions: Champions) -> None:
    with pytest.raises(VersionIsBlocked, match="last resort"):
        rollback.block_version(champions.model, 1, is_blocked=True, reason="why not", actor="a person")
    roll_back(champions, to=1)
    champions.score(21)
    assert not roll_back(champions, to=2).is_blocked
    assert champions.blocked() == [(3, True)]


def test_the_command_takes_effect_at_once_and_imports_nothing_heavy(champions: Champions) -> None:
    code = (
        "import sys; from redeye.promotion import rollback; "
        f"rollback.roll_back({champions.model!r}, reason='bad', actor='me'); "
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "ml")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert champions.rows()[-1] == (2, "rollback")


def test_of_two_promotions_at_once_one_is_champion(champions: Champions, run: Callable[..., Any]) -> None:
    last = promotion_store.read_latest_promotion(champions.model)
    assert last is not None
    call = f"""
            from redeye.scoring import outputs_store
            from redeye.champions import promotion_store
            from redeye.foundation.errors import AlreadyDecided
            last = promotion_store.read_latest_promotion({champions.model!r})
            print("ready", flush=True)
            input()
            try:
                promotion_store.promote({champions.model!r}, version=%d, algorithm="a", feature_service="s",
                    artifact_uri="u", artifact_sha256="h", decided_night=date(2013, 4, 21),
                    effective_night=date(2013, 4, 23), reason="r", evidence={{}}, actor="a", run_id="run %d",
                    follows=last, last_scored_night=outputs_store.find_last_scored_night)
            except AlreadyDecided:
                print("refused")
    """
    racers = [_racer(call % (version, version)) for version in (4, 5)]
    for racer in racers:
        assert racer.stdout.readline().strip() == "ready"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=PATIENCE_SECONDS)[0] for racer in racers]
    assert sorted("refused" in text for text in said) == [False, True], said
    assert len(champions.rows()) == 4


def _racer(call: str) -> Any:
    import textwrap

    return subprocess.Popen(
        [sys.executable, "-c", "from datetime import date\n" + textwrap.dedent(call)],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT / "ml")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_rows_of_a_champion_that_was_rolled_back_meanwhile_are_not_written(champions: Champions) -> None:
    scoring = promotion_store.read_champion(champions.model, night(21))
    assert scoring is not None
    roll_back(champions)
    row = pd.DataFrame([{"model": champions.model, "lane": LIVE, "night": night(21), "flight_id": "late"}])
    with pytest.raises(score.ChampionChanged, match="version 2 took over from version 3") as raised:
        outputs_store.write_once(
            {"predictions": row},
            model=champions.model,
            night=night(21),
            run_id="test",
            check=lambda: score._check_champion(champions.model, night(21), scoring),
        )
    assert raised.value.champion.version == 2
    assert outputs_store.read("predictions", champions.model, night(21), night(21)).empty


def test_a_decision_made_against_another_champion_is_refused(champions: Champions) -> None:
    seen = promotion_store.read_latest_promotion(champions.model)
    roll_back(champions)
    with pytest.raises(AlreadyDecided, match="another promotion was decided meanwhile"):
        promotion_store.promote(
            champions.model,
            version=4,
            algorithm="a",
            feature_service="s",
            artifact_uri="u",
            artifact_sha256="h",
            decided_night=night(20),
            effective_night=night(22),
            reason="r",
            evidence={},
            actor="a",
            run_id="late",
            follows=seen,
            last_scored_night=outputs_store.find_last_scored_night,
        )


@pytest.mark.parametrize("table", ["promotions", "bars", "proposals"])
@pytest.mark.parametrize("act", ["UPDATE ledger.{} SET reason = 'other'", "DELETE FROM ledger.{}"])
def test_the_ledgers_can_only_grow(stack_env: object, table: str, act: str) -> None:
    with (
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ledger_transaction(Catalog.OUTPUTS) as con,
        con.cursor() as cursor,
    ):
        cursor.execute(act.format(table))
