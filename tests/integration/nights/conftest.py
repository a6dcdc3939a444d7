"""A warehouse with ten weeks of history and a champion, on which each test runs the next nights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from prepared_installations import MODEL, TEN_WEEKS_END, Kind

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.declarations.calendar import ONE_DAY
from redeye.foundation.catalogs import Catalog
from redeye.models import mlflow_registry
from redeye.operations import build_nights
from redeye.scoring import outputs_store, score
from redeye.sources import ingest
from redeye.sources.logic.deliveries import Source
from redeye.warehouse import build, lake, release_store


@dataclass
class Nights:
    """The jobs of a night, in the order of its DAG, for whatever night comes next."""

    model: str = MODEL
    history_ends: date = TEN_WEEKS_END

    @property
    def next(self) -> date:
        """The first night that is neither released nor a gap."""
        head = release_store.latest_release()
        assert head is not None
        night = head.night + timedelta(days=1)
        while release_store.is_gap(night):
            night += timedelta(days=1)
        return night

    def build(
        self, night: date, *, last: date | None = None, source: Source | None = None, holder: str = ""
    ) -> dict[str, Any]:
        """Ingest, transform and publish one night, or the nights up to `last` as one release."""
        last = last or night
        ingest.ingest_nights(night, last, source=source)
        return build.publish(build_nights.transform(night, last, holder=holder or f"test {night}"))

    def score(self, night: date, **options: Any) -> dict[str, Any]:
        """Score one night and export it."""
        result = score.score_night(MODEL, night, run_id=f"test {night}", **options)
        score.export_night(MODEL, night)
        return result

    def promote_candidate(self) -> Promotion:
        """The candidate of the first training as champion of a coming night, whatever the gates said of it."""
        standing = promotion_store.read_promotions(self.model)
        if standing[-1].version != standing[0].version:
            return standing[-1]
        night, candidate = self.next, mlflow_registry.version(self.model, 2)
        return promotion_store.promote(
            self.model,
            version=candidate.version,
            algorithm=candidate.algorithm,
            feature_service=candidate.feature_service,
            artifact_uri=candidate.artifact_uri,
            artifact_sha256=candidate.artifact_sha256,
            decided_night=night - ONE_DAY,
            effective_night=night,
            reason="test",
            evidence={**standing[0].evidence, "seen_until": candidate.seen_until.isoformat()},
            actor="test",
            run_id="test",
            follows=standing[-1],
            last_scored_night=outputs_store.find_last_scored_night,
        )

    def contents(self) -> dict[str, int]:
        """A digest of every released table and every output: what a second run must not change."""
        head = release_store.latest_release()
        assert head is not None
        found = {}
        with lake.connect_at(head.snapshot_id) as con:
            lake.attach(con, Catalog.OUTPUTS)
            for catalog, schema, table in con.execute(
                "SELECT database_name, schema_name, table_name FROM duckdb_tables() "
                "WHERE database_name IN ('warehouse', 'outputs')"
            ).fetchall():
                name = f"{catalog}.{schema}.{table}"
                row = con.execute(
                    f"SELECT count(*), coalesce(sum(hash(t)::HUGEINT), 0) FROM {name} AS t"
                ).fetchone()
                assert row is not None
                found[name] = hash(row)
        return found


@pytest.fixture(scope="module")
def stack_env(
    install: Callable[..., AbstractContextManager[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """An installation of the module's own: a copy takes half a second, and no order of modules matters."""
    with install(tmp_path_factory.mktemp("redeye-nights"), Kind.TEN_WEEKS) as stack:
        yield stack


@pytest.fixture(scope="module")
def nights(stack_env: object) -> Nights:
    """History in one release, and a first training on it."""
    return Nights()
