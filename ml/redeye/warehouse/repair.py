"""Building nights again that were released before: for data that came since, or for changed dbt code.

What was released stays as it is. The nights from the first to the head become one more revision of the head's
release; the next night builds on that. Nothing is materialized, scored or announced.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from redeye.declarations.calendar import find_next_night, list_nights
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, NotReleased, RedeyeError
from redeye.foundation.task_session import task_session
from redeye.warehouse import build, release_store
from redeye.warehouse.logic.releases import AGAIN, Release, ReleaseKind

log = logging.getLogger(__name__)


@task_session()
def transform_again(
    first: date, *, kind: str, reason: str, holder: str, check: build.Check
) -> dict[str, Any]:
    """Build the nights from `first` to the head again, and leave a candidate for `build.publish`.

    A repair fills gaps with what has arrived since, with the code that built the head; a rebuild applies changed dbt
    code. Neither takes in a delivery: what came when the head was built arrives with the next night, so that no
    feature of an earlier one holds it. So each difference has one cause. The reason is kept with the release; a second
    call of a holder that has published finds its release.

    Raises:
        ConfigError: if there is no reason, or nothing is to be done.
        NotReleased: if `first` is not released, or a repair finds changed code.
        RedeyeError: if the dbt build fails.
        LeaseHeld: if another build does not end in time.
        LeaseLost: if another build took the lease over meanwhile.
    """
    why = ReleaseKind(kind)
    if why not in AGAIN:
        raise ConfigError(f"a night is built again as repair or rebuild, not as {kind}")
    if not reason.strip():
        raise ConfigError(f"a {kind} needs a reason: it is kept with the release")
    if (done := release_store.release_by(holder, why)) and done.first_night == first:
        log.info("%s has published %s: nothing to build", holder, done.release_id)
        return build.make_candidate(done, first, done.night).to_dict()
    token = lease.acquire(Catalog.WAREHOUSE, holder)
    try:
        head = _head(first)
        _check_code(head, first, why)
        if why == ReleaseKind.REPAIR:
            _check_gaps(head, first)
        made = build.build_candidate(
            first, head.night, [], holder=holder, kind=why, token=token, check=check, reason=reason.strip()
        )
        return made.to_dict()
    except RedeyeError:
        lease.release(Catalog.WAREHOUSE, token)
        raise


@task_session()
def build_again(first: date, *, kind: str, reason: str, holder: str, check: build.Check) -> dict[str, Any]:
    """Build the nights from `first` to the head again and publish them: the whole of a repair or a rebuild.

    For a repair, the source is asked once more for these nights: what it has changed since comes in with the next.

    Returns:
        What `build.publish` returns, with the number of deliveries that wait for the next night, and the tables that
        differ now from the release before as `changed`.

    Raises:
        AuditRefused: if a delivery or the candidate is refused; the head stays.
        RedeyeError: as for `transform_again`.
    """
    before = _head(first)
    waiting = ingest_again(first, kind=kind)
    summary = build.publish(transform_again(first, kind=kind, reason=reason, holder=holder, check=check))
    return {
        **summary,
        "deliveries": waiting,
        "changed": list_changed(before.release_id, summary["release_id"]),
    }


@task_session()
def ingest_again(first: date, *, kind: str) -> int:
    """Ask the source once more for the nights from `first` to the head, and judge what is new; not for a rebuild.

    Returns:
        How many deliveries wait for the next night.

    Raises:
        AuditRefused: as for `ingest_nights`.
        DeliveryError: as for `ingest_nights`.
    """
    from redeye.sources.ingest import ingest_nights

    head = _head(first)
    if ReleaseKind(kind) == ReleaseKind.REPAIR:
        ingest_nights(first, head.night)
    return len(release_store.list_unreleased_deliveries(find_next_night(head.night)))


def list_changed(before: str, after: str) -> list[str]:
    """The tables and views that hold something else in one release than in another, as `schema.name`."""
    then, now = release_store.contents(before), release_store.contents(after)
    differing = {name for name in then.keys() | now.keys() if then.get(name) != now.get(name)}
    return sorted(name.replace('"', "") for name in differing if not name.startswith('"raw"'))


def _head(first: date) -> Release:
    head = release_store.latest_release()
    released = release_store.all_releases()
    if head is None or first > head.night or first < min(each.first_night for each in released):
        raise NotReleased(
            f"night {first} is not released: only nights from the first release to the head are built again"
        )
    return head


def _check_gaps(head: Release, first: date) -> None:
    gaps = [night for night in list_nights(first, head.night) if release_store.is_gap(night)]
    following = find_next_night(head.night)
    waiting = {ref.night for ref in release_store.list_unreleased_deliveries(following)} & set(gaps)
    if not gaps and not release_store.list_withdrawn_deliveries():
        raise ConfigError(
            f"nothing to repair from night {first} to {head.night}: no night is left out. What the source delivered "
            f"or changed since comes in with night {following}"
        )
    if waiting:
        raise NotReleased(
            f"night {min(waiting)} has deliveries that come in with night {following}: build that, then repair"
        )


def _check_code(head: Release, first: date, kind: ReleaseKind) -> None:
    from redeye.warehouse import dbt

    now = dbt.code_hash()
    if kind == ReleaseKind.REPAIR and head.code_hash != now:
        raise NotReleased(
            f"the dbt code has changed since {head.release_id} was built: bring it in by a rebuild first, so that "
            "what a repair changes is the data's doing"
        )
    if kind == ReleaseKind.REBUILD and _find_code_built(first, head.night) == {now}:
        raise ConfigError(
            f"nothing to rebuild: nights {first} to {head.night} were built by this very dbt code"
        )


def _find_code_built(first: date, last: date) -> set[str]:
    """The dbt code that built each of some nights last."""
    releases = release_store.all_releases()
    found: set[str] = set()
    for night in list_nights(first, last):
        codes = [each.code_hash for each in releases if each.first_night <= night <= each.night]
        found.update(codes[-1:])
    return found
