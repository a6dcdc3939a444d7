"""A repair adds a revision of the head; what was released, learned from and predicted before stays."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from rebuilds.conftest import (
    CARRIER,
    GAP,
    HISTORY_ENDS,
    LATER,
    MODEL,
    NIGHTS,
    RESUMED,
    Story,
    frame_of,
    night_runs,
    table,
)
from redeye.declarations.calendar import cutoff
from redeye.features.materialize import materialize_night
from redeye.foundation.errors import ConfigError, NotReleased, RedeyeError
from redeye.foundation.settings import SPECS
from redeye.models.algorithms.base import require_columns
from redeye.models.algorithms.heuristic import HeuristicModel
from redeye.monitoring.monitor import monitor_night
from redeye.operations import build_nights
from redeye.scoring import outputs_store
from redeye.scoring.explain import explain
from redeye.scoring.find_restated import find_restated_predictions
from redeye.scoring.logic.predictions import LIVE
from redeye.scoring.rescore import backtest_nights, reproduce
from redeye.scoring.score import score_night
from redeye.warehouse import build, release_content, release_store
from redeye.warehouse.logic.releases import ReleaseKind

pytestmark = pytest.mark.integration


def test_the_repair_is_one_more_revision_of_the_head(story: Story) -> None:
    made = story.repaired
    assert made.release_id == f"{RESUMED}.r2"
    assert (made.kind, made.first_night, made.night) == (ReleaseKind.REPAIR, GAP, RESUMED)
    assert made.reason == "the night that was left out"
    assert release_store.release_deliveries(made.release_id) == []
    for night, first in zip([*NIGHTS, RESUMED], [*story.releases, story.resumed], strict=True):
        assert release_store.covering_release(night) == first
    assert release_store.covering_release(GAP) == made


def test_a_restatement_waits_for_the_next_night(story: Story) -> None:
    assert f"comes in with night {GAP}" in story.refusal
    taken_in = release_store.release_deliveries(story.resumed.release_id)
    assert [ref.night for ref in taken_in if ref.dataset == "outcomes"] == [NIGHTS[0], GAP, RESUMED]
    assert next(ref.arrival_night for ref in taken_in if ref.night == NIGHTS[0]) == GAP


def test_what_was_released_before_is_as_it_was(story: Story) -> None:
    for each in (*story.releases, story.resumed):
        assert release_content.digest_snapshot(each.snapshot_id) == release_store.contents(each.release_id)


def test_the_training_frame_as_known_then_is_identical(story: Story) -> None:
    assert_frame_equal(frame_of(story.releases[1], NIGHTS[1]), story.frame)


def test_the_next_night_has_the_corrected_labels(story: Story) -> None:
    before = f"night < DATE '{NIGHTS[1]}'"
    then = table(story.releases[-1].snapshot_id, "marts.fct_flights", before)
    now = table(story.resumed.snapshot_id, "marts.fct_flights", before)
    both = then.merge(now, on="flight_id", suffixes=("_then", "_now"), validate="one_to_one")
    assert len(both) == len(then) == len(now)
    moved = both[
        both["arrival_delay_minutes_then"].ne(both["arrival_delay_minutes_now"])
        & both["is_late_then"].notna()
    ]
    assert set(moved["carrier_id_then"]) == {CARRIER}
    assert set(moved["arrival_delay_minutes_now"] - moved["arrival_delay_minutes_then"]) == {LATER}
    # Known by the first cutoff whose release holds them.
    assert set(pd.to_datetime(moved["outcome_night_now"]).dt.date) == {RESUMED}
    assert set(moved["outcome_known_at_now"]) == {pd.Timestamp(cutoff(RESUMED).replace(tzinfo=None))}
    assert (moved["is_late_now"] & ~moved["is_late_then"].astype(bool)).any()


def test_features_of_the_nights_before_the_delivery_do_not_change(story: Story) -> None:
    name = "features.feat_carrier__delays"
    before = table(story.releases[-1].snapshot_id, name)
    for release in (story.resumed, story.repaired):
        assert_frame_equal(
            table(release.snapshot_id, name, f"night <= DATE '{NIGHTS[-1]}'"), before, check_dtype=False
        )


def test_a_repair_gives_the_gap_its_features_and_changes_no_other(story: Story) -> None:
    name = "features.feat_carrier__delays"
    resumed, repaired = (table(each.snapshot_id, name) for each in (story.resumed, story.repaired))
    of_gap = repaired["night"] == pd.Timestamp(GAP)
    assert of_gap.sum() > 10
    assert (repaired.loc[of_gap, "created_at"] <= repaired.loc[of_gap, "event_at"]).all()
    assert_frame_equal(repaired[~of_gap].reset_index(drop=True), resumed)


def test_nothing_is_materialized_scored_or_exported(story: Story) -> None:
    assert materialize_night(RESUMED) == {}
    standing = outputs_store.read("predictions", MODEL, NIGHTS[0], NIGHTS[-1])
    assert_frame_equal(standing, story.predictions)
    for night in (*NIGHTS, RESUMED):
        again = score_night(MODEL, night, run_id="again")
        assert (again["is_new"], again["is_reconstructed"]) == (False, False)


def test_a_second_repair_finds_nothing_and_the_same_holder_its_own(story: Story) -> None:
    with pytest.raises(ConfigError, match="nothing to repair"):
        build_nights.transform_again(GAP, kind="repair", reason="again", holder="another")
    mine = build.publish(build_nights.transform_again(GAP, kind="repair", reason="again", holder="test"))
    assert mine["release_id"] == story.repaired.release_id


@pytest.mark.parametrize(
    ("first", "kind", "reason", "error", "words"),
    [
        (NIGHTS[0], "rebuild", "no change", ConfigError, "nothing to rebuild"),
        (GAP, "repair", " ", ConfigError, "needs a reason"),
        (NIGHTS[0], "nightly", "?", ConfigError, "as repair or rebuild"),
        (NIGHTS[-1] + timedelta(days=9), "repair", "?", NotReleased, "is not released"),
    ],
)
def test_what_cannot_be_built_again_says_why(
    story: Story, first: date, kind: str, reason: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        build_nights.transform_again(first, kind=kind, reason=reason, holder="test of errors")


def test_the_report_names_what_rests_on_the_restated_delivery(story: Story) -> None:
    rows = find_restated_predictions(MODEL, NIGHTS[0], NIGHTS[-1]).set_index("night")
    # The last night too: the correction came when that was built and scored already.
    assert set(rows.index) == set(NIGHTS)
    assert set(rows["taken_in_by"]) == {story.resumed.release_id}
    assert rows["changed"].str.contains("arr_delay").all()
    behind = story.predictions[pd.to_datetime(story.predictions["night"]).dt.date == NIGHTS[0]]
    assert (behind["carrier_id"] == CARRIER).sum() <= rows.loc[NIGHTS[0], "flights_behind"] <= len(behind)


def test_explain_says_what_was_restated_since(story: Story) -> None:
    mine = story.predictions[story.predictions["carrier_id"] == CARRIER].sort_values("night")
    found = explain(mine["prediction_id"].iloc[0])
    assert found.is_reproduced
    assert [each.before.night for each in found.restated] == [NIGHTS[0]]
    assert {node.relation for node in found.nodes} >= {
        "features.feat_carrier__delays",
        "staging.stg_nycflights13__schedule",
    }
    assert "int_outcomes__versioned" in " ".join(node.node_id for node in found.nodes)
    assert found.to_dict()["features"]["carrier_delays__flights_7n"] > 0


def test_a_prediction_is_explained_after_the_code_has_changed(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [
        line
        for line in (SPECS / f"{MODEL}.yaml").read_text(encoding="utf-8").splitlines()
        if "weather:" not in line
    ]
    assert "version: 1" in kept
    changed = "\n".join(kept).replace("version: 1\n", "version: 2\n", 1)
    (tmp_path / f"{MODEL}.yaml").write_text(changed, encoding="utf-8")
    monkeypatch.setattr("redeye.scoring.explain.SPECS", tmp_path)
    monkeypatch.setattr("redeye.scoring.explain.hash_training_code", lambda: "another")
    found = explain(story.predictions["prediction_id"].iloc[0])
    assert found.is_reproduced
    notes = "; ".join(found.notes)
    assert "the spec now has flight_delay_v2" in notes
    assert f"`git checkout {found.promotion.evidence['git_sha']}` has the training's code" in notes


def test_a_model_that_the_code_of_now_cannot_feed_names_the_commit(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Starved(HeuristicModel):
        def predict(self, frame: pd.DataFrame) -> Any:
            require_columns(frame, ["gone_since"])

    model = Starved("successes", "trials", 0.2, 10.0)
    monkeypatch.setattr("redeye.scoring.explain.load_artifact", lambda *_: model)
    with pytest.raises(RedeyeError, match=r"gone_since.*git checkout [0-9a-f]{40}"):
        explain(story.predictions["prediction_id"].iloc[0])


def test_nights_scored_once_more_into_an_empty_lake_are_the_same(story: Story) -> None:
    found = reproduce(MODEL, 2, seed=1, run_id="again")
    assert len(found) == 2
    assert all(each.is_same and each.rows > 500 and each.widest == 0 for each in found)
    assert all(each.equality.tolerance == 0 for each in found)


def test_a_backtest_stays_beside_what_was_served(story: Story) -> None:
    made = backtest_nights(MODEL, NIGHTS[0], NIGHTS[0], version=None, run_id="test")
    assert made["lane"] == f"backtest_v1_{made['release_id']}"
    rows = outputs_store.read("predictions", MODEL, NIGHTS[0], NIGHTS[0], run_type=made["lane"])
    served = outputs_store.read("predictions", MODEL, NIGHTS[0], NIGHTS[0], run_type=LIVE)
    assert len(rows) == len(served) == made["rows"]
    assert rows["is_reconstructed"].all()
    # What came after the night is cut: the same version gives the same.
    assert_frame_equal(
        *(each.set_index("flight_id").sort_index()[["probability"]] for each in (rows, served))
    )
    assert outputs_store.list_scored_nights(MODEL, NIGHTS[0], NIGHTS[-1]) == NIGHTS


def test_a_night_scored_late_from_a_bulk_is_labelled(story: Story) -> None:
    night = HISTORY_ENDS - timedelta(days=3)
    with pytest.raises(ConfigError, match="no champion"):
        score_night(MODEL, night, run_id="late")
    release = release_store.covering_release(night)
    assert release is not None
    assert release.night == HISTORY_ENDS


def test_the_next_night_builds_on_the_repair(story: Story, monkeypatch: Any) -> None:
    night = RESUMED + timedelta(days=1)
    release = night_runs(night)
    assert release_store.ancestors(release.release_id)[0].release_id == story.repaired.release_id
    assert monitor_night(MODEL, night, "test")["is_new"]
