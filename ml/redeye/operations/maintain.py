"""The weekly care of the lakes and the disk: compact, verify, remove, look at the budget."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.disk import Level
from redeye.foundation.errors import ReleaseAltered
from redeye.foundation.settings import settings
from redeye.operations.logic.maintenance import choose_releases
from redeye.warehouse import lake, release_store
from redeye.warehouse.logic.content import differences
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)


def compact_lakes(run_id: str) -> dict[str, Any]:
    """Expire the snapshots that no release names, and merge small files, in both lakes, under their leases.

    Records first what each release holds that was published without. What a refused build left at the
    warehouse's head is rewound, so that none of it gets into a merged file. Nothing is deleted yet.

    Args:
        run_id: who maintains; names the holder of the leases.

    Returns:
        Snapshots expired and files merged, by lake.

    Raises:
        LeaseHeld: if a build or a writer does not end in time.
        LeaseLost: if someone took a lease over meanwhile; what was committed until then is whole.
    """
    record_missing_contents()
    return {str(catalog): _compact(catalog, run_id) for catalog in Catalog}


def _compact(catalog: Catalog, run_id: str) -> dict[str, int]:
    from redeye.warehouse import lake_maintenance

    token = lease.acquire(catalog, f"maintain/{run_id}")
    try:
        con = lake_maintenance.attach_for_writing(catalog, token=token)
        try:
            before = lake_maintenance.count(con, catalog)
            if catalog == Catalog.WAREHOUSE:
                releases = release_store.all_releases()
                last = max((each.snapshot_id for each in releases), default=0)
                lake.rewind(con, to_snapshot=last)
                lease.renew(catalog, token)
                # From the last release on the next build's rewind reads what changed: that stays.
                expired = lake_maintenance.expire(
                    con, catalog, before=last, keep={each.snapshot_id for each in releases}
                )
            else:
                expired = lake_maintenance.expire(con, catalog, before=lake.head(con, catalog), keep=())
            lease.renew(catalog, token)
            merged = lake_maintenance.compact(con, catalog, after_each=lambda: lease.renew(catalog, token))
            after = lake_maintenance.count(con, catalog)
        finally:
            con.close()
    finally:
        lease.release(catalog, token)
    log.info("%s: %d files and %d snapshots before", catalog, before.files, before.snapshots)
    log.info("%s: %d files and %d snapshots now", catalog, after.files, after.snapshots)
    return {"expired": expired, "merged": merged, "files": after.files, "snapshots": after.snapshots}


def record_missing_contents() -> int:
    """Record what those releases hold that were published without; how many there were.

    Run before files are touched for the first time: until then they are what the release was published with.
    """
    from redeye.warehouse import release_content

    missing = [each for each in release_store.all_releases() if not release_store.contents(each.release_id)]
    for each in missing:
        release_store.record_contents(each.release_id, release_content.digest_snapshot(each.snapshot_id))
        log.info("recorded what release %s holds", each.release_id)
    return len(missing)


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
    found = list(_find_altered(taken))
    if found:
        raise ReleaseAltered(
            f"{len(found)} differences in {len(taken)} releases: {'; '.join(found[:10])}. No file is deleted. "
            "Restore the newest good backup beside this installation and compare (docs/guides/operations.md)"
        )
    log.info("%d of %d releases read whole: each is as it was published", len(taken), len(releases))
    return {"verified": len(taken), "releases": len(releases)}


def _find_altered(releases: Iterable[Release]) -> Iterable[str]:
    from redeye.warehouse import release_content

    for each in releases:
        held = release_store.contents(each.release_id)
        for line in differences(held, release_content.digest_snapshot(each.snapshot_id)):
            yield f"{each.release_id}: {line}"


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
    from redeye.foundation import disk
    from redeye.monitoring.measure_drift import prune_reports
    from redeye.warehouse import lake_maintenance

    grace = timedelta(hours=settings().maintenance_grace_hours)
    removed: dict[str, int] = {}
    for catalog in Catalog:
        token = lease.acquire(catalog, f"maintain/{run_id}")
        try:
            con = lake_maintenance.attach_for_writing(catalog, token=token)
            try:
                removed[str(catalog)] = lake_maintenance.remove_files(con, catalog, grace=grace)
                lease.renew(catalog, token)
                removed[f"{catalog} orphans"] = lake_maintenance.remove_orphans(con, catalog, grace=grace)
            finally:
                con.close()
        finally:
            lease.release(catalog, token)
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
    from redeye.foundation import disk
    from redeye.foundation.errors import DiskBudgetExceeded

    found = disk.measure_usage(settings())
    advice = "raise REDEYE_DISK_BUDGET_GB, or move data away (docs/guides/operations.md, Disk)"
    if found.level is Level.OVER:
        raise DiskBudgetExceeded(f"{found.summary()}: {advice}")
    if found.level is Level.WARNING:
        log.warning("%s: before it is full, %s", found.summary(), advice)
    else:
        log.info("%s", found.summary())
    return {"level": str(found.level), "used": found.used, "budget": found.budget, "parts": dict(found.parts)}
