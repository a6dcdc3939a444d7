"""A champion serves while a feature that it reads is edited, then versioned; what was seen goes into a file as JSON.

Run over a copy of the checkout whose files it edits as merges would; what follows a merge is a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from redeye.champions import feature_edits, promotion_store
from redeye.champions.serving_versions import find_input_columns
from redeye.declarations.calendar import ONE_DAY
from redeye.foundation.errors import FeatureEdited, NotReleased
from redeye.foundation.settings import PROJECT_ROOT, SPECS
from redeye.models.mlflow_registry import load_artifact
from redeye.operations import build_nights
from redeye.promotion import evaluate_candidate, train
from redeye.review import scaffold
from redeye.scoring import outputs_store, score
from redeye.sources import ingest
from redeye.warehouse import build, release_store
from redeye.warehouse.logic.releases import ReleaseKind

# The gates let the regressions pass on these nights.
FIRST, HISTORY_ENDS = date(2012, 12, 31), date(2013, 1, 14)
NIGHT, NEXT = HISTORY_ENDS + ONE_DAY, HISTORY_ENDS + 2 * ONE_DAY
MODEL = "flight_delay"
FEATURES = PROJECT_ROOT / "dbt" / "models" / "features"
EVENING, WEATHER = FEATURES / "feat_origin__evening.sql", FEATURES / "feat_origin__weather.sql"
EVENING_2 = FEATURES / "feat_origin__evening_v2.sql"
OUTCOMES = PROJECT_ROOT / "dbt" / "models" / "intermediate" / "int_outcomes__versioned.sql"
EDIT = ("{{ is_late('departure_delay_minutes') }}", "departure_delay_minutes >= 30")

seen: dict[str, Any] = {"seconds": {}}


def timed(name: str, act: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    try:
        return act()
    finally:
        seen["seconds"][name] = round(time.perf_counter() - began, 1)


def small_spec(view: str, version: int) -> None:
    """The spec with a heuristic and a regression over one table, and windows that two weeks hold."""
    path, yaml = SPECS / f"{MODEL}.yaml", YAML(typ="safe")
    spec = yaml.load(path.read_text())
    evening = "{evening_flights,evening_late_departure_rate,evening_mean_departure_delay_minutes}"
    spec |= {
        "version": version,
        "features": ["carrier_origin_hour_delays:{flights_all,late_flights_all}", f"{view}:{evening}"],
        "categorical_features": [],
        "effective_lag_nights": 1,
        "split": {"validation_nights": 2, "test_nights": 2, "minimum_train_nights": 3, "history_nights": 30},
        "algorithms": {name: spec["algorithms"][name] for name in ("heuristic", "logistic")},
        "candidates": {"preference": ["logistic", "heuristic"]},
    }
    spec["gates"]["minimum_nights"] = 2
    yaml.dump(spec, path)


def replaced(path: Path, old: str, new: str) -> str:
    """Edit a file; its text before."""
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))
    return text


def verdict_on(*changes: tuple[Path, str, str]) -> str:
    """What the nightly build says of edits, which are undone."""
    texts = [(path, replaced(path, old, new)) for path, old, new in changes]
    try:
        timed(
            "check",
            lambda: feature_edits.check_feature_edits(release_store.latest_release(), ReleaseKind.NIGHTLY),
        )
    except FeatureEdited as refusal:
        return str(refusal)
    finally:
        for path, text in reversed(texts):
            path.write_text(text)
    return "passes"


def probabilities(snapshot_id: int, night: date) -> dict[str, float]:
    """The champion's, of the flights of the coming day, with the features at a snapshot; nothing is written."""
    from redeye.declarations.specs import load_spec
    from redeye.features.feast_frames import read_feature_frame
    from redeye.scoring import coming_rows
    from redeye.warehouse import lake

    spec, champion = load_spec(SPECS / f"{MODEL}.yaml"), promotion_store.read_champion(MODEL, night)
    assert champion is not None
    with lake.connect_at(snapshot_id) as con:
        flights = coming_rows.read_released(con, spec, night)
    frame = read_feature_frame(snapshot_id, flights, champion.feature_service)
    model = load_artifact(champion.artifact_uri, champion.artifact_sha256)
    return dict(zip(flights["flight_id"], model.predict(frame).tolist(), strict=True))


def built(night: date) -> dict[str, Any]:
    return build_nights.transform(night, night, holder=f"test {night}")


def let_through(*given: Any, **named: Any) -> Any:
    """The gates' report with every gate passed: what a promotion changes is the question, not who deserves it."""
    evaluation = evaluate_candidate.evaluate_candidate(*given, **named)
    passed = tuple(replace(each, is_passed=True) for each in evaluation.report.results)
    return replace(evaluation, report=replace(evaluation.report, results=passed))


def trained(night: date, name: str) -> Any:
    train.evaluate_candidate = let_through
    why = {"actor": "test", "reason": name}
    return timed(name, lambda: train.train_night(MODEL, night, run_id=name, **why))


def serve() -> None:
    """A champion that reads the evening's table."""
    small_spec("origin_evening", 1)
    ingest.ingest_nights(FIRST, NEXT)
    history = build_nights.transform(FIRST, HISTORY_ENDS, holder="history", kind="history")
    build.publish(history)
    outcome = trained(HISTORY_ENDS, "first training")
    seen["champion"] = {"algorithm": outcome.algorithm, "is_promoted": outcome.is_promoted}


def edit_in_place() -> None:
    """The nightly build of an edited feature, and what else it says of edits."""
    before = release_store.latest_release()
    text = replaced(EVENING, *EDIT)
    try:
        timed("refusal", lambda: built(NIGHT))
        seen["refusal"] = "none"
    except FeatureEdited as refusal:
        seen["refusal"] = str(refusal)
    seen["is_head_unmoved"] = release_store.latest_release() == before
    try:
        score.score_night(MODEL, NIGHT, run_id="too early")
        seen["waits"] = "no"
    except NotReleased as refusal:
        seen["waits"] = str(refusal)
    basis = score._basis(NIGHT, is_degraded_allowed=True)
    seen["degraded"] = [basis.release.release_id, *basis.reasons]
    EVENING.write_text(text)
    days = "left join {{ ref('dim_dates') }} as days on keys.night = days.calendar_date"
    seen["harmless"] = verdict_on(
        (EVENING, "evening as (", "-- As it was.\nevening  as  ("),
        (EVENING, "'state.cancelled_flights'", "'state.late_departures'"),  # no version reads this column
        (EVENING, "left join state on", f"{days}\nleft join state on"),
        (WEATHER, "interval 6 hour as is_newest", "interval 5 hour as is_newest"),  # nor this table
    )
    seen["harmful"] = verdict_on(
        (OUTCOMES, "where is_new", "where is_new and not is_cancelled"),
        (EVENING, "::bigint as evening_flights", "::bigint as evening_departures"),
        (FEATURES / "feat_origin__evening.yml", "{name: evening_flights", "{name: evening_departures"),
    )


def without_merge() -> None:
    """The night as it is without the merge: built and not published. Then the merge."""
    seen["without"] = probabilities(timed("build without", lambda: built(NIGHT))["snapshot_id"], NIGHT)
    scaffold.add_version("feat_origin__evening")
    replaced(EVENING_2, *EDIT)
    small_spec("origin_evening_v2", 2)


def with_merge() -> None:
    """The same night with the merge, published and scored."""
    build.publish(timed("build with", lambda: built(NIGHT)))
    summary = score.score_night(MODEL, NIGHT, run_id="test")
    rows = outputs_store.read("predictions", MODEL, NIGHT, NIGHT)
    seen["with"] = dict(zip(rows["flight_id"], rows["probability"].tolist(), strict=True))
    seen["service"], seen["is_degraded"] = rows["feature_service"].iloc[0], summary["is_degraded"]


def promote_next() -> None:
    """A training whose spec names the new version, the first night that it serves, and who reads what then.

    Its history is not filled: that is a rebuild, and no question of who reads what.
    """
    outcome = trained(NIGHT, "second training")
    build.publish(timed("next build", lambda: built(NEXT)))
    score.score_night(MODEL, NEXT, run_id="test")
    champion = promotion_store.read_champion(MODEL, NEXT)
    assert champion is not None
    seen["promoted"] = {
        "is_promoted": outcome.is_promoted,
        "service": outputs_store.read("predictions", MODEL, NEXT, NEXT)["feature_service"].iloc[0],
        "reads": sorted(find_input_columns(load_artifact(champion.artifact_uri, champion.artifact_sha256))),
        "edit of new": verdict_on((EVENING_2, *reversed(EDIT))),
        "edit of old": verdict_on((EVENING, *EDIT)),
    }


if __name__ == "__main__":
    for name in sys.argv[2:]:
        globals()[name]()
    Path(sys.argv[1]).write_text(json.dumps(seen))
