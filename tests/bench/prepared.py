"""What every figure stands on: history in one release, a champion, some scored nights. Run as children."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from figures import measured

FIRST = date(2012, 12, 31)
MODEL = "flight_delay"
HOLDER = "bench"
# Half a year is enough for a model of full size.
VALID_NIGHTS, TRAIN_NIGHTS = 14, 180
# A week, which the monitor looks at.
SCORED_NIGHTS = 7


def history(last: str) -> dict[str, Any]:
    """Ingest and release the source's nights up to `last`, in one build."""
    from redeye.operations import build_nights
    from redeye.sources import ingest
    from redeye.warehouse import build

    ends = date.fromisoformat(last)
    costs = {}
    with measured() as costs["ingest"]:
        ingest.ingest_nights(FIRST, ends)
    with measured() as costs["transform"]:
        candidate = build_nights.transform(FIRST, ends, holder=HOLDER, kind="history")
    with measured() as costs["publish"]:
        build.publish(candidate)
    return {name: cost.seconds for name, cost in costs.items()}


def champion(last: str, folder: str) -> dict[str, Any]:
    """Fit the heuristic and the trees of the spec, promote them, and score the nights before `last`.

    Without MLflow, whose part in a night is nothing. Leaves `frame.parquet` and the models in `folder`.
    """
    from pathlib import Path

    from redeye.champions import promotion_store
    from redeye.declarations.specs import load_spec
    from redeye.features import materialize
    from redeye.features.feast_frames import read_feature_frame
    from redeye.foundation.settings import PROJECT_ROOT, settings
    from redeye.models.algorithms.base import Inputs, Training
    from redeye.models.algorithms.storage import algorithm, save_model
    from redeye.models.logic.training import make_examples
    from redeye.scoring import outputs_store, score
    from redeye.warehouse import lake, release_store

    night = date.fromisoformat(last)
    head = release_store.latest_release()
    assert head is not None
    spec = load_spec(PROJECT_ROOT / "ml" / "specs" / f"{MODEL}.yaml")
    mature = night - timedelta(days=SCORED_NIGHTS + 3)
    first = max(FIRST, mature - timedelta(days=VALID_NIGHTS + TRAIN_NIGHTS))
    with lake.connect_at(head.snapshot_id) as con:
        entities = con.execute(
            f"SELECT {spec.schedule_select()}, {spec.target.column} FROM warehouse.{spec.population.relation} "
            f"WHERE {spec.target.column} IS NOT NULL AND night BETWEEN ? AND ? ORDER BY flight_id",
            [first, mature],
        ).df()
    frame = read_feature_frame(head.snapshot_id, entities, spec.feature_service)
    is_valid = frame["night"].dt.date > mature - timedelta(days=VALID_NIGHTS)
    training = Training(
        train=make_examples(frame[~is_valid], spec),
        valid=make_examples(frame[is_valid], spec),
        inputs=Inputs.of(spec),
        seed=1,
        threads=settings().threads,
    )
    follows = None
    hashes = {}
    for version, name in enumerate(("heuristic", "xgboost"), start=1):
        model = algorithm(name).fit(training, getattr(spec.algorithms, name))
        where = Path(folder) / name
        hashes[name] = save_model(model, where)
        follows = promotion_store.promote(
            MODEL,
            version=version,
            algorithm=name,
            feature_service=spec.feature_service,
            artifact_uri=str(where),
            artifact_sha256=hashes[name],
            decided_night=mature,
            effective_night=mature + timedelta(days=1),
            reason=HOLDER,
            evidence={
                "release_id": head.release_id,
                "night": night.isoformat(),
                "seen_until": mature.isoformat(),
            },
            actor=HOLDER,
            run_id=HOLDER,
            follows=follows,
            last_scored_night=outputs_store.find_last_scored_night,
        )
    frame.to_parquet(Path(folder) / "frame.parquet")
    for back in range(SCORED_NIGHTS, 0, -1):
        score.score_night(MODEL, night - timedelta(days=back), run_id=HOLDER)
    materialize.materialize_night(night)
    return {"rows": len(frame), "hashes": hashes}
