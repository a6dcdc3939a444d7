"""Past nights scored once more: as they were, to compare, or with another version, beside what was served."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.declarations.calendar import list_nights
from redeye.declarations.project import project
from redeye.declarations.specs import load_spec
from redeye.features.feast_frames import read_feature_frame
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import AlreadyDecided, ConfigError, DeliveryError, NotReleased
from redeye.foundation.settings import SPECS
from redeye.foundation.task_session import task_session
from redeye.models.artifact_store import load_artifact
from redeye.models.fingerprint import read_fingerprint
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.prediction_equality import Equality, choose_equality
from redeye.scoring import outputs_store
from redeye.scoring.logic.predictions import Lineage, assemble, name_backtest_run_type
from redeye.scoring.predict import Basis, predict
from redeye.scoring.score import find_differences, read_basis, read_rows
from redeye.warehouse import lake, release_store

if TYPE_CHECKING:
    from redeye.models.mlflow_registry import Version

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reproduction:
    """What came out for one night that was scored once more from what its predictions rest on.

    Of the rows that were served, `equal` came out with the same probability, version and release; `missing` are
    those that did not come out, or had not been served; `widest` is the largest difference of two probabilities.
    `equality` says what the same is: on the machine of the training the very bits and ranks.
    """

    night: date
    release_id: str
    version: int
    rows: int
    equal: int
    missing: int
    widest: float
    equality: Equality

    @property
    def is_same(self) -> bool:
        """Whether each served prediction came out again, and nothing else."""
        return self.equal == self.rows and not self.missing


@task_session()
def reproduce(model: str, count: int, *, seed: int, run_id: str) -> list[Reproduction]:
    """Score `count` nights at random once more, into an empty lake, and compare with what was served.

    Each night has the release that its predictions name, the champion that the promotion ledger gives for it,
    and that champion's feature service. Nothing of what was predicted is read before the comparison.

    Raises:
        ConfigError: if no night was scored.
        RedeyeError: if a night cannot be scored any more.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    scored = outputs_store.list_scored_nights(model)
    if not scored:
        raise ConfigError(f"{model}: no night was scored yet, so there is none to score again")
    draw = np.random.default_rng(seed).choice(len(scored), size=min(count, len(scored)), replace=False)
    chosen = sorted(scored[place] for place in draw)
    equalities: dict[date, Equality] = {}
    kind = find_kind(spec)
    with _empty_lake(kind) as con:
        for night in chosen:
            basis = _decision(con, model, night)
            champion = promotion_store.read_champion(model, night)
            if champion is None:
                raise NotReleased(f"{model}: the ledger has no champion for night {night}, which was scored")
            scheduled, reasons = read_rows(spec, night, basis)
            basis = replace(basis, reasons=reasons)
            rows = predict(spec, scheduled, champion, basis, night=night, run_id=run_id)
            equality = choose_equality(str(rows["algorithm"].iloc[0]), champion.fingerprint, read_fingerprint)
            equalities[night] = equality
            con.register("scored_again", rows.assign(tolerance=equality.tolerance))
            con.execute("INSERT INTO again.predictions BY NAME SELECT * FROM scored_again")
            log.info("%s, night %s: %s predictions once more", model, night, len(rows))
        found = con.execute(_render_comparison(kind), [model]).fetchall()
    names = ("night", "release_id", "version", "rows", "equal", "missing", "widest")
    return [Reproduction(**dict(zip(names, row, strict=True)), equality=equalities[row[0]]) for row in found]


def _render_comparison(kind: Kind) -> str:
    """The SQL that compares what was served with what came out again."""
    same = (*kind.baseline_columns, "release_id", "model_version")
    then, now = (", ".join(f"{side}.{name}" for name in same) for side in ("s", "a"))
    is_near = " AND ".join(f"abs(s.{name} - a.{name}) <= a.tolerance" for name in kind.columns)
    widest = ", ".join(f"abs(s.{name} - a.{name})" for name in kind.columns)
    return f"""
    WITH served AS (
        SELECT * FROM outputs.main.predictions
        WHERE model = ? AND lane = 'live' AND night IN (SELECT DISTINCT night FROM again.predictions)
    )
    SELECT
        coalesce(s.night, a.night), max(coalesce(s.release_id, a.release_id)),
        max(coalesce(s.model_version, a.model_version)), count(s.prediction_id),
        count(*) FILTER (WHERE ({then}) = ({now}) AND {is_near}
            -- Within a tolerance neighbours may change places.
            AND (a.tolerance > 0 OR s.rank = a.rank)),
        count(*) FILTER (WHERE s.prediction_id IS NULL OR a.prediction_id IS NULL),
        coalesce(max(greatest({widest})), 0)
    FROM served AS s FULL JOIN again.predictions AS a USING (prediction_id)
    GROUP BY ALL ORDER BY 1
"""


@contextmanager
def _empty_lake(kind: Kind) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new lake `again` with a catalog of its own and an empty table of predictions, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="redeye-again-") as folder:
        with lake.connect(threads=1) as con:
            lake.attach(con, Catalog.OUTPUTS)
            con.execute(
                f"ATTACH 'ducklake:{Path(folder) / 'catalog.ducklake'}' AS again (DATA_PATH '{folder}/data/')"
            )
            columns = outputs_store.columns("predictions", kind)
            con.execute(f"CREATE TABLE again.predictions ({columns}, tolerance DOUBLE)")
            yield con


def _decision(con: duckdb.DuckDBPyConnection, model: str, night: date) -> Basis:
    """Of a night's predictions, what they were made from."""
    rows = outputs_store.read("predictions", model, night, night, con=con)
    return read_basis(
        rows[["model", "release_id", "degraded_reason", "recalibration_night"]].drop_duplicates()
    )


@task_session()
def backtest_nights(
    model: str, first: date, last: date, *, version: int | None, run_id: str
) -> dict[str, Any]:
    """Score past nights with a version and today's data, as a run type of their own; nothing of it is served.

    The features are those of the newest release, cut to what was known at each night's cutoff. Nights that have
    no schedule are left out. A night that has the run type already stays, if it comes out the same. The version
    is by default the one promoted last.

    Returns:
        `lane`, `release_id`, `version`, and how many `nights` and `rows` have the run type now.

    Raises:
        ConfigError: if there is no such version, or the newest release does not hold the nights.
        AlreadyDecided: if a night has the run type already with another result.
    """
    if first > last:
        raise ConfigError(f"the first night {first} is after the last night {last}")
    spec, release = load_spec(SPECS / f"{model}.yaml"), release_store.latest_release()
    if release is None or last > release.night:
        raise ConfigError(f"night {last} is not released yet: a backtest is of past nights")
    scoring = _find_version(model, version)
    fitted = load_artifact(scoring.artifact_uri, scoring.artifact_sha256)
    heuristic = promotion_store.read_promotions(model)[0]
    baseline = load_artifact(heuristic.artifact_uri, heuristic.artifact_sha256)
    run_type = name_backtest_run_type(scoring.version, release.release_id)
    counts, kind = {"nights": 0, "rows": 0}, find_kind(spec)
    for night in list_nights(first, last):
        try:
            scheduled, _ = read_rows(spec, night, Basis(release, ()))
        except DeliveryError as error:
            log.warning("night %s is left out of the backtest: %s", night, error)
            continue
        if scheduled.empty:
            continue
        frame = read_feature_frame(release.snapshot_id, scheduled, scoring.feature_service)
        lineage = Lineage(
            model=model,
            night=night,
            release_id=release.release_id,
            model_version=scoring.version,
            algorithm=scoring.algorithm,
            feature_service=scoring.feature_service,
            run_id=run_id,
            run_type=run_type,
            is_reconstructed=True,
        )
        rows = assemble(
            scheduled, fitted.predict(frame), baseline.predict(frame), lineage, project().subject, kind
        )
        written = outputs_store.write_once(
            {"predictions": rows}, model=model, night=night, run_id=run_id, run_type=run_type, kind=kind
        )
        if not written.is_new and (found := find_differences(spec, written.frame, rows, scoring.fingerprint)):
            raise AlreadyDecided(f"{run_type}, night {night}: again it differs: {'; '.join(found)}")
        counts["nights"] += 1
        counts["rows"] += len(rows)
        log.info("%s, night %s: %s predictions", run_type, night, len(rows))
    return {"lane": run_type, "release_id": release.release_id, "version": scoring.version, **counts}


def _find_version(model: str, number: int | None) -> Promotion | Version:
    """The last promotion, or the last of a version; of one that never was promoted, the version."""
    promoted = [row for row in promotion_store.read_promotions(model) if number in (None, row.version)]
    if promoted:
        return promoted[-1]
    if number is None:
        raise ConfigError(f"{model} has no champion yet: train it first")
    from redeye.models import mlflow_registry

    return mlflow_registry.version(model, number)
