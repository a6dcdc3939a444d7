"""Building a release: rewind, load and transform under the lease, then audit and publish the snapshot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from redeye.audits.logic.audit_result import AuditResult
from redeye.declarations.calendar import find_previous_night, find_zone_version
from redeye.declarations.project import name_schedule
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, LeaseLost, NotReleased, RedeyeError
from redeye.foundation.git import git_sha
from redeye.foundation.settings import settings
from redeye.foundation.task_session import task_session
from redeye.sources import delivery_store, marked_row_store
from redeye.sources.configured_source import load_source, load_standing_source
from redeye.sources.expected_deliveries import list_degradations
from redeye.sources.logic.deliveries import DeliveryRef
from redeye.warehouse import lake, raw_tables, release_store
from redeye.warehouse.blame_deliveries import find_datasets_behind
from redeye.warehouse.loaded_deliveries import list_loaded_deliveries
from redeye.warehouse.logic.content import Content
from redeye.warehouse.logic.releases import AGAIN, Candidate, Release, ReleaseKind, delivery_set_hash, newest

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

log = logging.getLogger(__name__)

Check = Callable[[Release | None, ReleaseKind], "Manifest"]
"""Parses the dbt project and refuses it if, on a release and for a kind, it must not be built."""


@task_session()
def transform(
    first: date, last: date, *, holder: str, check: Check, kind: str = ReleaseKind.NIGHTLY
) -> dict[str, Any]:
    """Build the nights `first` to `last` on top of the last release, and leave a candidate snapshot.

    Takes the warehouse's lease and keeps it: `publish` lets go of it. Whatever an earlier attempt left at
    the head is rewound first. A range that is released already is not built again. A retry of the same holder, such
    as a run of Airflow, takes the lease over.

    Returns:
        The candidate as a dict, to be handed to `publish`.

    Raises:
        ConfigError: if the source comes too late for a nightly build, or the calendar was shifted since.
        NotReleased: if the night before `first` is neither released nor a recorded gap.
        RedeyeError: if the nights lie before the head, the check refuses the code, or the dbt build fails.
        LeaseHeld: if another build does not end in time.
        LeaseLost: if another build took the lease over meanwhile.
    """
    if first > last:
        raise ConfigError(f"the first night {first} is after the last night {last}")
    source = load_standing_source()
    if kind == ReleaseKind.NIGHTLY and not source.is_prompt:
        raise ConfigError(
            f"the source {source.name} delivers weeks late: no night is built from it on time; "
            f"build its nights as history: `build_history` with first={first}, last={last}"
        )
    if done := _find_release(first, last):
        log.info("nights %s to %s are in release %s already: nothing to build", first, last, done.release_id)
        return make_candidate(done, first, last).to_dict()
    _check_forward(first, last)
    token = lease.acquire(Catalog.WAREHOUSE, holder)
    try:
        if done := _find_release(first, last):  # by whoever held the lease before
            return make_candidate(done, first, last).to_dict()
        refs = release_store.list_unreleased_deliveries(last)
        if not any(ref.night == last for ref in refs):
            raise NotReleased(
                f"no accepted delivery of night {last} has landed: run `ingest_deliveries` first"
            )
        made = build_candidate(
            first, last, refs, holder=holder, kind=ReleaseKind(kind), token=token, check=check
        )
        return made.to_dict()
    except RedeyeError:
        lease.release(Catalog.WAREHOUSE, token)
        raise


@task_session()
def publish(candidate: dict[str, Any]) -> dict[str, Any]:
    """Audit a candidate snapshot and make it the release of its last night, or refuse it.

    The snapshot was fixed before the audit: what is published is what was audited. Where a night took in deliveries
    of nights before it and is refused, it is built once more without them: if it passes, those are rejected that it
    fails with. A refused night is recorded as a gap, so that the next one can be built without it, and those of its
    deliveries that are behind the refusal are rejected; the others come in with the next.

    Returns:
        `release_id`, `snapshot_id`, `night` and how many expectations were met.

    Raises:
        AuditRefused: naming suite, expectation, column and example rows.
        NotReleased: if another build took the lease since the transformation, or a delivery came in; the
            transformation must be run again.
    """
    made = Candidate.from_dict(candidate)
    if made.release_id:
        log.info("release %s stands; nothing to publish", made.release_id)
        return _summary(made.release_id, made, evaluated=0)
    standing = release_store.release(made.last)
    if standing and standing.snapshot_id == made.snapshot_id:
        # Killed between the commit and the end of the task.
        lease.release(Catalog.WAREHOUSE, made.token)
        return _summary(standing.release_id, made, evaluated=0)
    try:
        lease.renew(Catalog.WAREHOUSE, made.token)
    except LeaseLost as error:
        raise NotReleased(
            f"{error}: clear the task `transform` with everything after it, not this one"
        ) from error

    taken_in = [] if made.kind in AGAIN else release_store.list_unreleased_deliveries(made.last)
    withdrawn = release_store.list_withdrawn_deliveries()
    wanted = (made.delivery_set_hash, made.withdrawn_hash or delivery_set_hash([]))
    if (delivery_set_hash(newest(taken_in)), delivery_set_hash(withdrawn)) != wanted:
        lease.release(Catalog.WAREHOUSE, made.token)
        raise NotReleased(
            "a delivery was accepted or refused since the transformation: clear `transform` and all after it"
        )
    audits, null_shares = _audit(made)
    refused = [result for result in audits if not result.is_success]
    detail = {"suites": [result.to_dict() for result in audits], "tzdata": find_zone_version()}
    release_store.record_audit(made.last, snapshot_id=made.snapshot_id, is_success=not refused, detail=detail)
    if refused:
        behind = find_datasets_behind(refused, made.code_hash)
        suspects = [ref for ref in taken_in if ref.dataset in behind]
        late = [ref for ref in suspects if ref.night < made.last and ref.dataset != name_schedule()]
        if made.kind == ReleaseKind.NIGHTLY and late:
            sound, bad = _leave_out_bad(late, made, taken_in)
            if sound:
                delivery_store.record_deliveries(bad, is_accepted=False)
                return publish(sound.to_dict())
            suspects = [ref for ref in suspects if ref not in late]
        _refuse(made, "\n".join(result.message() for result in refused), suspects)
        refused[0].raise_if_refused()
    evaluated = sum(result.evaluated for result in audits)
    parent = release_store.latest_release()
    release = release_store.publish(
        made,
        audit={
            "suites": [result.suite for result in audits],
            "evaluated": evaluated,
            "degraded": list_degradations(
                load_source(), made.first, made.last, delivery_store.deliveries(made.first, made.last)
            ),
            "null_shares": null_shares,
        },
        git_sha=git_sha(),
        parent=parent,
        taken_in=taken_in,
        withdrawn=withdrawn,
        contents=_contents(made, parent),
    )
    lease.release(Catalog.WAREHOUSE, made.token)
    log.info(
        "published %s at snapshot %s: %s expectations met", release.release_id, release.snapshot_id, evaluated
    )
    return _summary(release.release_id, made, evaluated=evaluated)


def _find_release(first: date, last: date) -> Release | None:
    """The release that has all of the nights in it, if there is one."""
    found = release_store.covering_release(last)
    return found if found and release_store.covering_release(first) else None


def _check_forward(first: date, last: date) -> None:
    head = release_store.latest_release()
    if head and first <= head.night:
        if last > head.night:
            raise NotReleased(f"nights up to {head.night} are released already: start at the night after it")
        raise NotReleased(
            f"night {first} lies before the head {head.release_id}, which was built without it"
            f" ({release_store.gap_reason(first) or 'no reason recorded'}); its deliveries come in with the next night"
        )
    if missing := release_store.missing_predecessor(first, head):
        raise NotReleased(
            f"night {first} needs night {missing}: build night {missing} first, "
            f"or record that it is left out: `./redeye gap {missing} --reason '...'`"
        )


def build_candidate(
    first: date,
    last: date,
    refs: list[DeliveryRef],
    *,
    holder: str,
    kind: ReleaseKind,
    token: int,
    check: Check,
    reason: str = "",
) -> Candidate:
    """Rewind the head, load deliveries and build the nights `first` to `last`: a snapshot to be published.

    The caller holds the lease; no night after `last` is released, and `refs` no release has taken in.

    Raises:
        RedeyeError: if the check refuses the code, a delivery cannot be loaded, or the dbt build fails.
        LeaseLost: if another build took the lease over meanwhile.
    """
    from redeye.foundation import openlineage
    from redeye.warehouse import dbt

    source = load_source()
    # Under the lease: whoever held it before may have published.
    head = release_store.latest_release()
    refs = newest(refs)
    delivery_store.require_accepted(refs)
    project = check(head, kind)
    with lake.open_for_writing(Catalog.WAREHOUSE, token=token) as con:
        lake.rewind(con, to_snapshot=head.snapshot_id if head else 0)
        raw_tables.create_tables(con, source, loaded=list_loaded_deliveries)
        withdrawn = release_store.list_withdrawn_deliveries()
        since = raw_tables.remove(con, source, withdrawn, first=first)
        loaded = raw_tables.load(con, source, refs, first=first)
        raw_tables.add_holidays(con, since, last, shift_weeks=settings().shift_weeks)
        raw_tables.set_build_window(con, since, last)
        raw_tables.set_doubts(con, marked_row_store.list_doubts(find_previous_night(since), last))
        log.info("loaded %s", ", ".join(f"{rows} {name}" for name, rows in loaded.items()))
    lease.renew(Catalog.WAREHOUSE, token)

    done = dbt.build(attach=lake.attach_string(Catalog.WAREHOUSE, token=token), manifest=project)
    release_store.record_code_nodes(done.code_hash, done.models)
    openlineage.emit_dbt()
    lease.renew(Catalog.WAREHOUSE, token)
    with lake.open_for_writing(Catalog.WAREHOUSE, token=token) as con:
        snapshot_id = lake.head(con, Catalog.WAREHOUSE)
    return Candidate(
        first=first,
        last=last,
        kind=kind,
        snapshot_id=snapshot_id,
        token=token,
        holder=holder,
        code_hash=done.code_hash,
        delivery_set_hash=delivery_set_hash(refs),
        withdrawn_hash=delivery_set_hash(withdrawn),
        shift_weeks=settings().shift_weeks,
        reason=reason,
    )


def _audit(made: Candidate) -> tuple[list[AuditResult], dict[str, Any]]:
    """The verdicts on a candidate, and how many values of its features are missing by night."""
    from redeye.audits.audit import audit_many
    from redeye.warehouse.release_frames import list_null_shares, release_frames

    with lake.connect_at(made.snapshot_id) as con:
        frames = release_frames(con, made.first, made.last)
    subject = f"candidate of night {made.last}, snapshot {made.snapshot_id}"
    verdicts = audit_many(frames, subject=subject, data_docs=settings().data_docs).values()
    return list(verdicts), list_null_shares(frames)


def _contents(made: Candidate, parent: Release | None) -> dict[str, Content]:
    """What the candidate holds, from what its parent held and what the build changed."""
    from redeye.warehouse import release_content

    if parent is None:
        return release_content.digest_snapshot(made.snapshot_id)
    held = release_store.contents(parent.release_id)
    return release_content.digest_snapshot(
        made.snapshot_id, parent_snapshot_id=parent.snapshot_id, parent=held
    )


def _leave_out_bad(
    late: list[DeliveryRef], made: Candidate, taken_in: list[DeliveryRef]
) -> tuple[Candidate | None, list[DeliveryRef]]:
    """A candidate of the same night without the late deliveries that it fails with, and these, night by night.

    There is none if it fails without any of them: then what is bad is the night's own.
    """
    log.warning("night %s is refused: building it without %s", made.last, [str(ref.path) for ref in late])
    kept = [ref for ref in taken_in if ref not in late]
    bad: list[DeliveryRef] = []
    sound = _build_sound(made, kept)
    nights = sorted({ref.night for ref in late})
    for night in nights if sound else ():
        group = [ref for ref in late if ref.night == night]
        # With the only one it has failed already.
        if len(nights) > 1 and (more := _build_sound(made, [*kept, *group])):
            kept, sound = [*kept, *group], more
        else:
            bad += group
    return sound, bad


def _build_sound(made: Candidate, refs: list[DeliveryRef]) -> Candidate | None:
    """The candidate of the same night by the same code with other deliveries; None if it is refused too."""
    from redeye.warehouse import dbt, dbt_code

    def check(_: Release | None, __: ReleaseKind) -> Manifest:
        with dbt.environment("none", "none"):
            manifest = dbt.parse()
        if dbt_code.hash_code(manifest) != made.code_hash:
            raise NotReleased("the dbt code has changed since the transformation: clear the task `transform`")
        return manifest

    try:
        found = build_candidate(
            made.first, made.last, refs, holder=made.holder, kind=made.kind, token=made.token, check=check
        )
    except dbt.DbtError as error:
        log.warning("%s", error)
        return None
    return found if all(result.is_success for result in _audit(found)[0]) else None


def _refuse(made: Candidate, message: str, suspects: list[DeliveryRef]) -> None:
    """Leave a refused candidate behind: a gap, rejected deliveries, a free lease. The next build rewinds."""
    if made.first == made.last and made.kind not in AGAIN:
        delivery_store.record_gap(made.last, reason=message, recorded_by=made.holder)
    # The coming day's schedule stays: it has its own audit, and the day is scored from it. So does that of the
    # day before once, as outcomes could not be told from it: refused again, it goes.
    kept = find_previous_night(made.last)
    rejected = [ref for ref in suspects if ref.dataset != name_schedule() or ref.night < kept]
    delivery_store.record_deliveries(rejected, is_accepted=False)
    lease.release(Catalog.WAREHOUSE, made.token)


def make_candidate(release: Release, first: date, last: date) -> Candidate:
    """A standing release as a candidate: there is nothing to publish."""
    kept = ("kind", "snapshot_id", "code_hash", "delivery_set_hash", "release_id", "shift_weeks")
    same = {name: getattr(release, name) for name in kept}
    return Candidate(first=first, last=last, token=0, holder="", **same)


def _summary(release_id: str, made: Candidate, *, evaluated: int) -> dict[str, Any]:
    return {
        "release_id": release_id,
        "snapshot_id": made.snapshot_id,
        "night": made.last.isoformat(),
        "expectations_met": evaluated,
    }
