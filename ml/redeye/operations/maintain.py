"""The weekly maintenance of the lakes and the disk: compact, verify, remove, look at the budget."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import duckdb

from redeye.foundation import disk, lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import DiskBudgetExceeded, ReleaseAltered
from redeye.foundation.settings import settings
from redeye.operations.logic.release_rotation import choose_releases
from redeye.warehouse import lake, lake_maintenance, release_content, release_store
from redeye.warehouse.logic.content import differences

log = logging.getLogger(__name__)


@contextmanager
def _hold_lake(
    catalog: Catalog, run_id: str
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[], None]]]:
    """A lake attached for writing under its lease, and what renews the lease."""
    with lease.hold(catalog, f"maintain/{run_id}", ttl_seconds=settings().lease_ttl_seconds) as token:
        with closing(lake_maintenance.attach_for_writing(catalog, token=token)) as con:
            yield con, partial(lease.renew, catalog, token)


def compact_lakes(run_id: str) -> dict[str, Any]:
    """Expire the snapshots that no release names, and merge small files, in both lakes, under their leases.

    Records first what each release holds that was published without: until files are touched for the first time
    they are what it was published with. What a refused build left at the warehouse's head is rewound, so that
    none of it gets into a merged file. Nothing is deleted yet.

    Args:
        run_id: who maintains; names the holder of the leases.

    Returns:
        Snapshots expired and files merged, by lake.

    Raises:
        LeaseHeld: if a build or a writer does not end in time.
        LeaseLost: if someone took a lease over meanwhile; what was committed until then is whole.
    """
    for each in release_store.all_releases():
        if not release_store.contents(each.release_id):
            release_store.record_contents(each.release_id, release_content.digest_snapshot(each.snapshot_id))
            log.info("recorded what release %s holds", each.release_id)
    return {str(catalog): _compact(catalog, run_id) for catalog in Catalog}


def _compact(catalog: Catalog, run_id: str) -> dict[str, int]:
    with _hold_lake(catalog, run_id) as (con, renew):
        before = lake_maintenance.count(con, catalog)
        if catalog == Catalog.WAREHOUSE:
            named = {each.snapshot_id for each in release_store.all_releases()}
            last = max(named, default=0)
            lake.rewind(con, to_snapshot=last)
            renew()
        else:
            named, last = set(), lake.head(con, catalog)
        # From the last release on the next build's rewind reads what changed: that stays.
        expired = lake_maintenance.expire(con, catalog, before=last, keep=named)
        renew()
        merged = lake_maintenance.compact(con, catalog, after_each=renew)
        after = lake_maintenance.count(con, catalog)
    log.info("%s: %d files and %d snapshots before", catalog, before.files, before.snapshots)
    log.info("%s: %d files and %d snapshots now", catalog, after.files, after.snapshots)
    return {"expired": expired, "merged": merged, "files": after.files, "snapshots": after.snapshots}


def verify_releases(week: int | str = 0, *, is_all: bool = False) -> dict[str, Any]:
    """Read releases whole and compare each with what was recorded of it.

    Args:
        week: a number that grows by one from run to run: which of the older releases are looked at. The
            newest always are, and every one is looked at in turn.
        is_all: look at every release.

    Returns:
        How many releases were equal, of how many.

    Raises:
        ReleaseAltered: naming release and table.
    """
    releases = release_store.all_releases()
    taken = releases if is_all else choose_releases(releases, turn=int(week))
    found = []
    for each in taken:
        held = release_store.contents(each.release_id)
        is_keyed = all(content.is_keyed for content in held.values())
        now = release_content.digest_snapshot(each.snapshot_id, is_keyed=is_keyed)
        found += [f"{each.release_id}: {line}" for line in differences(held, now)]
    if found:
        raise ReleaseAltered(
            f"{len(found)} differences in {len(taken)} releases: {'; '.join(found[:10])}. No file is deleted. "
            "Restore the newest good backup beside this installation and compare (docs/guides/operations.md)"
        )
    log.info("%d of %d releases read whole: each is as it was published", len(taken), len(releases))
    return {"verified": len(taken), "releases": len(releases)}


def remove_files(run_id: str) -> dict[str, Any]:
    """Delete the files that the lakes let go of and that nobody can be reading, and what is past its retention.

    Args:
        run_id: who maintains; names the holder of the leases.

    Returns:
        Files deleted, by part.

    Raises:
        LeaseHeld: if a build or a writer does not end in time.
        RedeyeError: if files look orphaned that the catalog knows.
    """
    from redeye.monitoring.measure_drift import prune_reports

    grace = timedelta(hours=settings().maintenance_grace_hours)
    removed: dict[str, int] = {}
    for catalog in Catalog:
        with _hold_lake(catalog, run_id) as (con, renew):
            removed[str(catalog)] = lake_maintenance.remove_files(con, catalog, grace=grace)
            renew()
            removed[f"{catalog} orphans"] = lake_maintenance.remove_orphans(con, catalog, grace=grace)
    removed["reports"] = len(prune_reports(settings().report_nights))
    home, days = settings().home, settings().log_retention_days
    removed["task logs"] = disk.prune(home / "logs" / "airflow", days=days)
    removed["dbt logs"] = disk.prune(home / "dbt" / "logs", days=days)
    removed["data docs"] = disk.prune_folders(settings().data_docs, days=days, keep=("static",))
    return removed


def check_disk() -> dict[str, Any]:
    """Compare what the home takes on disk with its budget; a warning from 80 % on.

    Returns:
        Bytes by part, the budget, and `level`: `ok` or `warning`.

    Raises:
        DiskBudgetExceeded: above the budget.
    """
    found = disk.measure_usage(settings())
    advice = "raise REDEYE_DISK_BUDGET_GB, or move data away (docs/guides/operations.md, Disk)"
    if found.level is disk.Level.OVER:
        raise DiskBudgetExceeded(f"{found.summary()}: {advice}")
    if found.level is disk.Level.WARNING:
        log.warning("%s: before it is full, %s", found.summary(), advice)
    else:
        log.info("%s", found.summary())
    return {"level": str(found.level), "used": found.used, "budget": found.budget, "parts": dict(found.parts)}
