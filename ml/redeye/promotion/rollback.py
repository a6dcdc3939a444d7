"""Rolling a model back by hand, and blocking versions: the ledger alone, without MLflow, so that it takes a second."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.succession import (
    Stint,
    Turn,
    find_blocked_versions,
    find_champion,
    find_return_targets,
    list_turns,
    list_withdrawn,
)
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import find_next_night
from redeye.foundation import lease, trail
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, VersionIsBlocked
from redeye.foundation.postgres import ledger_transaction
from redeye.foundation.settings import settings
from redeye.foundation.task_session import task_session
from redeye.promotion import decision_store, unblocking
from redeye.scoring.outputs_store import find_last_scored_night


@dataclass(frozen=True)
class RollbackResult:
    """What a rollback by hand comes to.

    Attributes:
        promotion: by which the restored version serves; before it is written it has no id of its own.
        left: the version that it takes over from.
        is_blocked: whether that one is blocked then; the last resort never is.
        withdrawn: promotions that were decided and had not served yet, and never will.
        turns: who serves when, then.
        is_new: False if an earlier attempt, or someone else, did it already.
    """

    promotion: Promotion
    left: int
    is_blocked: bool
    withdrawn: tuple[Promotion, ...]
    turns: tuple[Turn, ...]
    is_new: bool


@task_session()
def roll_back(model: str, *, reason: str, actor: str, to: int | None = None) -> RollbackResult:
    """Return to an earlier version from the first night that is not scored, and block the one that serves.

    Without `to` it is the version that was last serving well: the newest earlier champion that is not blocked
    and whose last judged night did not ask for an act; failing that the first champion. A rollback
    that no night was scored by yet is not repeated, so a command that was killed can be given again.

    Args:
        model: name of its spec.
        reason: why; kept for good.
        actor: who.
        to: the version to return to: any that was champion and is not blocked.

    Raises:
        ConfigError: if there is no such version, or none to return to.
        VersionIsBlocked: if the version named is blocked.
        LeaseHeld: if the outputs' lease did not come free.
    """
    if not reason.strip():
        raise ConfigError("a rollback needs a reason: it is kept with it for good")
    # Under the lease no night is scored and nothing is promoted between looking and writing.
    with lease.hold(Catalog.OUTPUTS, f"rollback/{model}/{actor}") as token:
        foreseen = preview_rollback(model, to)
        if not foreseen.is_new:
            return foreseen
        rows, blocked = promotion_store.read_promotions(model), _read_blocked_versions(model)
        restored = foreseen.promotion
        rollback = promotion_store.Rollback(
            target=next(row for row in reversed(rows) if row.version == restored.version),
            bad=None if foreseen.left in (rows[0].version, *blocked) else foreseen.left,
            decided_night=restored.decided_night,
            effective_night=restored.effective_night,
            reason=reason,
            evidence={"from_version": foreseen.left, "reason": reason},
            actor=actor,
            run_id=f"rollback__{restored.decided_night}",
        )
        with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
            row = promotion_store.roll_back(cursor, token, rollback, follows=rows[-1])
        promotion_store.sign_promotion(row)
    trail.write_anchors(f"the rollback of {model} to version {row.version}")
    turns = list_turns([*rows, row], row.effective_night)
    return replace(foreseen, promotion=row, turns=tuple(turns))


def preview_rollback(model: str, to: int | None = None) -> RollbackResult:
    """What `roll_back` would come to, as it stands now.

    Raises:
        ConfigError: as `roll_back`.
        VersionIsBlocked: as `roll_back`.
    """
    rows, night, serving = _find_serving(model)
    latest, coming, blocked = rows[-1], find_next_night(night), _read_blocked_versions(model)
    is_pending = latest.effective_night > night and latest.promotion_id != serving.promotion_id
    if is_pending and latest.kind is PromotionKind.ROLLBACK and to in (None, latest.version):
        turns = tuple(list_turns(rows, coming))
        return RollbackResult(latest, serving.version, serving.version in blocked, (), turns, is_new=False)
    target = _target(model, rows, serving, night, to)
    left = _find_left(model, latest, serving, target)
    restored = replace(
        target,
        promotion_id=latest.promotion_id + 1,
        decided_night=night,
        effective_night=coming,
        kind=PromotionKind.ROLLBACK,
        previous_id=latest.promotion_id,
    )
    return RollbackResult(
        promotion=restored,
        left=left.version,
        is_blocked=left.version != rows[0].version,
        withdrawn=tuple(list_withdrawn(rows, restored, coming)),
        turns=tuple(list_turns([*rows, restored], coming)),
        is_new=True,
    )


@task_session()
def block_version(model: str, version: int, *, is_blocked: bool, reason: str, actor: str) -> None:
    """Block a version from becoming champion again, or let it come back.

    With four eyes a version is unblocked by a person for whom somebody else asked by `ask_to_unblock`, and who did
    not block it.

    Raises:
        ConfigError: if it never was champion or is no candidate of the ledger, or that is so already.
        VersionIsBlocked: if it is the last resort.
        NeedsAnother: with four eyes, if another person must.
        LeaseHeld: if the outputs' lease did not come free.
    """
    if not reason.strip():
        raise ConfigError("a block needs a reason: it is kept with it for good")
    preview_block(model, version, is_blocked=is_blocked)
    if settings().four_eyes and not is_blocked:
        reason = unblocking.check_four_eyes(model, version, reason=reason, person=actor)
    with (
        lease.hold(Catalog.OUTPUTS, f"block/{model}/{actor}") as token,
        ledger_transaction(Catalog.OUTPUTS) as con,
        con.cursor() as cursor,
    ):
        block_store.insert_block(
            cursor,
            token,
            model,
            version=version,
            is_blocked=is_blocked,
            night=_find_serving(model)[1],
            reason=reason,
            actor=actor,
            run_id="by hand",
        )


def preview_block(model: str, version: int, *, is_blocked: bool) -> list[Turn]:
    """Who serves when, from the first night that is not scored on: a block changes none of it.

    Raises:
        ConfigError: as `block_version`.
        VersionIsBlocked: as `block_version`.
    """
    rows, night, _ = _find_serving(model)
    trained = {row.candidate_version for row in decision_store.trainings(model) if row.candidate_version}
    proposed = {row.version for row in decision_store.proposals(model)}
    known = {row.version for row in rows} | trained | proposed
    if version not in known:
        raise ConfigError(f"{model} has no version {version}: there are {_format_versions(known)}")
    if is_blocked and version == rows[0].version:
        raise VersionIsBlocked(
            f"{model}: version {version} is the first champion and the last resort, it stays"
        )
    blocked = _read_blocked_versions(model)
    if (version in blocked) is is_blocked:
        others = "" if is_blocked else f"; blocked are: {_format_versions(set(blocked))}"
        raise ConfigError(
            f"{model}: version {version} is {'blocked' if is_blocked else 'not blocked'} already{others}"
        )
    return list_turns(rows, find_next_night(night))


def _find_serving(model: str) -> tuple[list[Promotion], date, Promotion]:
    """Every promotion, the last night that is scored, and who scored it."""
    rows = promotion_store.read_promotions(model)
    if not rows:
        raise ConfigError(
            f"{model} has no champion: train it first, there is nothing to roll back or to block"
        )
    night = find_last_scored_night(model) or rows[-1].decided_night
    return rows, night, find_champion(rows, night) or rows[-1]


def _find_left(model: str, latest: Promotion, serving: Promotion, target: Promotion) -> Promotion:
    left = latest if target.version == serving.version else serving
    if left.version == target.version:
        raise ConfigError(f"{model}: version {target.version} is champion already")
    return left


def _target(model: str, rows: list[Promotion], serving: Promotion, night: date, to: int | None) -> Promotion:
    blocked = _read_blocked_versions(model)
    if to is not None:
        found = next((row for row in reversed(rows) if row.version == to), None)
        if found is None:
            raise ConfigError(
                f"{model}: version {to} never was champion; there are {_format_versions({row.version for row in rows})}"
            )
        if to in blocked:
            raise VersionIsBlocked(
                f"{model}: version {to} is blocked; `./redeye unblock {model} {to}` lets it come back"
            )
        return found
    verdicts = {row.decision.night: row.decision.verdict for row in decision_store.decisions(model)}

    def last_verdict(stint: Stint) -> Verdict | None:
        judged = [each for each in verdicts if stint.first <= each <= (stint.last or night)]
        return verdicts[max(judged)] if judged else None

    # A stint that ended with the night before the first one that is not scored has ended.
    found = next(
        find_return_targets(rows, blocked, serving.version, find_next_night(night), last_verdict), None
    )
    if found is None:
        raise ConfigError(
            f"{model}: there is no version to return to from version {serving.version}: no other one that has served "
            "is unblocked"
        )
    return found


def _read_blocked_versions(model: str) -> frozenset[int]:
    return find_blocked_versions(block_store.read_blocks(model), date.max)


def _format_versions(versions: set[int]) -> str:
    return ", ".join(map(str, sorted(versions))) or "none"
